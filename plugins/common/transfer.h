/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Transfers by libcurl, as every network driver needs them: a pool of connections with the settings of one instance, a
 * loop that heeds the call's deadline and cancellation, and what libcurl's errors mean to the user.
 *
 * A part to copy into a driver: transfer.h and transfer.c, C99, which need libcurl 7.88 (link with -lcurl) and POSIX.
 */
#ifndef BS_PLUGINS_TRANSFER_H
#define BS_PLUGINS_TRANSFER_H

#include <blockstore/driver.h>

/* The options of every network driver, for its metadata. */
#define BS_TRANSFER_OPTIONS \
  BLOCKSTORE_OPTION("ca_file", PATH, OPTIONAL, "", "Certificates to trust instead of the system's (PEM)") \
  BLOCKSTORE_OPTION("client_certificate", PATH, OPTIONAL, "", "Certificate to show to the server (PEM)") \
  BLOCKSTORE_OPTION("client_key", PATH, OPTIONAL, "", "Its private key (PEM), if it is in another file") \
  BLOCKSTORE_OPTION("proxy", STRING, OPTIONAL, "", "URL of a proxy; none: none; unset: the environment's") \
  BLOCKSTORE_OPTION("no_proxy", STRING, OPTIONAL, "", "Hosts to reach without the proxy, with commas between") \
  BLOCKSTORE_OPTION("minimum_rate", SIZE, OPTIONAL, "1K", "Bytes a second below which a transfer fails after 15 s; 0: none")

#endif
