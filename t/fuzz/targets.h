/* SPDX-License-Identifier: MIT */
/* Whatever takes outside bytes, with what it promises: a target takes any bytes, and aborts when a promise is broken. */
#ifndef BS_T_FUZZ_TARGETS_H
#define BS_T_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define PROMISED(condition) ((condition) ? (void)0 : abort())

struct bs_fuzz_target {
  const char *name; /* also of its folder in t/fuzz/corpus */
  void (*run)(const uint8_t *bytes, size_t length);
  size_t rounds;          /* of t/80-mutations.c: a second at most */
  const char *dictionary; /* t/fuzz/NAME.dict; NULL: none */
};

/* All of them, sorted; the last one has no name. */
extern const struct bs_fuzz_target bs_fuzz_targets[];
/* NULL: none of these. */
const struct bs_fuzz_target *bs_fuzz_find(const char *name);

/* The same bytes with a NUL behind, for what takes a string; by free(). */
char *bs_fuzz_string(const uint8_t *bytes, size_t length);

/* text.c */
void bs_fuzz_config(const uint8_t *bytes, size_t length);
void bs_fuzz_json(const uint8_t *bytes, size_t length);
void bs_fuzz_key(const uint8_t *bytes, size_t length);
void bs_fuzz_netstring(const uint8_t *bytes, size_t length);
void bs_fuzz_text(const uint8_t *bytes, size_t length);
void bs_fuzz_url(const uint8_t *bytes, size_t length);
void bs_fuzz_yaml(const uint8_t *bytes, size_t length);
/* records.c */
void bs_fuzz_mutable(const uint8_t *bytes, size_t length);
void bs_fuzz_route(const uint8_t *bytes, size_t length);
void bs_fuzz_user(const uint8_t *bytes, size_t length);
/* drivers.c */
void bs_fuzz_lockfile(const uint8_t *bytes, size_t length);
void bs_fuzz_metadata(const uint8_t *bytes, size_t length);
void bs_fuzz_note(const uint8_t *bytes, size_t length);
/* chain.c */
void bs_fuzz_operation(const uint8_t *bytes, size_t length);
void bs_fuzz_payload(const uint8_t *bytes, size_t length);
void bs_fuzz_transaction(const uint8_t *bytes, size_t length);
/* names.c */
void bs_fuzz_entry(const uint8_t *bytes, size_t length);
/* bitcoin.c */
void bs_fuzz_bitcoin_block(const uint8_t *bytes, size_t length);
/* rpc.c */
void bs_fuzz_rpc(const uint8_t *bytes, size_t length);
/* http.c */
void bs_fuzz_http(const uint8_t *bytes, size_t length);
void bs_fuzz_reply(const uint8_t *bytes, size_t length);
/* blocks.c */
void bs_fuzz_blocks(const uint8_t *bytes, size_t length);
/* proof.c */
void bs_fuzz_proof(const uint8_t *bytes, size_t length);
/* encrypt.c */
void bs_fuzz_encrypt(const uint8_t *bytes, size_t length);
/* dav.c */
void bs_fuzz_dav_list(const uint8_t *bytes, size_t length);
/* dht.c */
void bs_fuzz_values(const uint8_t *bytes, size_t length);
/* exec.c */
void bs_fuzz_exec(const uint8_t *bytes, size_t length);
/* host.c */
void bs_fuzz_host(const uint8_t *bytes, size_t length);
/* s3.c */
void bs_fuzz_s3_answer(const uint8_t *bytes, size_t length);
void bs_fuzz_s3_profile(const uint8_t *bytes, size_t length);
void bs_fuzz_s3_url(const uint8_t *bytes, size_t length);
/* lying.c */
void bs_fuzz_lying(const uint8_t *bytes, size_t length);

#endif
