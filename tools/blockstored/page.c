/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/page.h"

#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "core/crypto/digest.h"

#define BLOCKS_MOST 100 /* that are looked through for operations */
#define ROWS_MOST 25

static const char page[] =
#include "tools/blockstored/page-text.h"
    ;

static void escape(struct bs_buffer *html, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) switch (text[i]) {
      case '&': bs_buffer_text(html, "&amp;"); break;
      case '<': bs_buffer_text(html, "&lt;"); break;
      case '>': bs_buffer_text(html, "&gt;"); break;
      case '"': bs_buffer_text(html, "&quot;"); break;
      case '\'': bs_buffer_text(html, "&#39;"); break;
      default: bs_buffer_byte(html, (unsigned char)text[i]);
    }
}

static void escape_text(struct bs_buffer *html, const char *text) {
  escape(html, text, strlen(text));
}

/* ---- recent operations ---- */

struct rows {
  struct bs_buffer *html;
  size_t count;
};

static const struct bs_field *subject_of(const struct bs_fields *fields) {
  for (size_t i = 0; i < fields->count; i++)
    if (strcmp(fields->items[i].name, "name") == 0 || strcmp(fields->items[i].name, "namespace_id") == 0)
      return &fields->items[i];
  return NULL;
}

static bool add_row(void *user, uint64_t block, const struct bs_fields *fields, struct bs_error *error) {
  struct rows *rows = user;
  const struct bs_field *subject = subject_of(fields);
  bool is_name = subject != NULL && strcmp(subject->name, "name") == 0;

  if (rows->count++ >= ROWS_MOST) return true;
  bs_buffer_format(rows->html, "<tr><td>%llu</td><td>", (unsigned long long)block);
  escape_text(rows->html, bs_opcode_text(fields->opcode));
  bs_buffer_text(rows->html, "</td><td>");
  if (is_name) {
    bs_buffer_text(rows->html, "<a href=\"/?name=");
    escape(rows->html, subject->value, subject->length);
    bs_buffer_text(rows->html, "\">");
  }
  if (subject != NULL) escape(rows->html, subject->value, subject->length);
  if (is_name) bs_buffer_text(rows->html, "</a>");
  bs_buffer_text(rows->html, "</td></tr>\n");
  return bs_buffer_ok(rows->html, error);
}

/* The newest block first. */
static bool collect_operations(struct bs_buffer *html, struct bsd_service *service, const struct bs_names_info *info,
                               struct bs_error *error) {
  struct rows rows = {html, 0};
  size_t from = html->length;

  bs_buffer_text(html, "<table><thead><tr><th>Block</th><th>Operation</th><th>Of</th></tr></thead><tbody>\n");
  for (uint64_t i = 0; i < BLOCKS_MOST && rows.count < ROWS_MOST && info->height >= info->first_block + i; i++)
    if (!bs_names_operations_at(service->names[BSD_AT_ONCE], service->scope[BSD_AT_ONCE], info->height - i, add_row, &rows,
                                error))
      return false;
  bs_buffer_text(html, "</tbody></table>");
  if (rows.count > 0) return true;
  html->length = from;
  bs_buffer_text(html, "<p>None in the last blocks.</p>");
  return true;
}

/* A hundred blocks are looked through for them, all operations of each that has some: once in each state of the chain. */
static bool write_operations(struct bs_buffer *html, struct bsd_service *service, const struct bs_names_info *info,
                             struct bs_error *error) {
  struct bs_buffer *recent = &service->recent;

  if (!service->has_recent) {
    bs_buffer_free(recent);
    if (!collect_operations(recent, service, info, error) || !bs_buffer_ok(recent, error)) return false;
    service->has_recent = true;
  }
  bs_buffer_add(html, recent->bytes, recent->length);
  return bs_buffer_ok(html, error);
}

/* ---- a name ---- */

static void add_pair(struct bs_buffer *html, const char *what, const char *value) {
  bs_buffer_format(html, "<dt>%s</dt><dd class=\"hash\">", what);
  escape_text(html, value);
  bs_buffer_text(html, "</dd>");
}

static void add_block(struct bs_buffer *html, const char *what, uint64_t block) {
  char text[24];

  snprintf(text, sizeof text, "%llu", (unsigned long long)block);
  add_pair(html, what, block == BS_NAMES_NEVER ? "never" : text);
}

static void describe(struct bs_buffer *html, const struct bs_name_record *record) {
  bs_buffer_text(html, "<dl>");
  add_pair(html, "Name", record->name);
  add_pair(html, "State", record->revoked ? "revoked" : record->expired ? "expired" : "registered");
  add_pair(html, "Owner", record->owner);
  add_pair(html, "Value hash", record->value_hash[0] == '\0' ? "none" : record->value_hash);
  add_block(html, "First registered", record->first_registered);
  add_block(html, "Valid to block", record->expires);
  add_pair(html, "Newest operation", record->opcode);
  add_pair(html, "Transaction", record->txid);
  bs_buffer_text(html, "</dl>");
}

static bool write_answer(struct bs_buffer *html, struct bsd_service *service, const char *query, struct bs_error *error) {
  struct bs_name_record record;

  if (query == NULL || query[0] == '\0') return true;
  bs_buffer_text(html, "<div class=\"answer\" id=\"answer\">");
  if (bs_names_lookup(service->names[BSD_AT_ONCE], service->scope[BSD_AT_ONCE], &record, query, error)) {
    describe(html, &record);
  } else if (error->word == BS_WORD_not_found) {
    struct bsd_node node;

    bsd_service_node(service, &node);
    escape_text(html, query);
    bs_buffer_text(html, node.is_behind ? " is not known yet: the index is behind the chain." : " is not registered.");
  } else if (error->word == BS_WORD_usage) {
    escape_text(html, error->message);
  } else {
    return false;
  }
  bs_buffer_text(html, "</div>");
  return true;
}

/* ---- the page ---- */

static bool fill(struct bs_buffer *html, struct bsd_service *service, const char *place, size_t length,
                 const struct bs_names_info *info, const char *query, struct bs_error *error) {
  if (length == 5 && memcmp(place, "block", 5) == 0) bs_buffer_format(html, "%llu", (unsigned long long)info->height);
  else if (length == 9 && memcmp(place, "consensus", 9) == 0) escape_text(html, info->consensus);
  else if (length == 7 && memcmp(place, "network", 7) == 0) escape_text(html, info->network);
  else if (length == 5 && memcmp(place, "names", 5) == 0) bs_buffer_format(html, "%llu", (unsigned long long)info->names);
  else if (length == 5 && memcmp(place, "query", 5) == 0) escape_text(html, query == NULL ? "" : query);
  else if (length == 6 && memcmp(place, "server", 6) == 0) bs_buffer_text(html, "blockstored " PACKAGE_VERSION);
  else if (length == 6 && memcmp(place, "answer", 6) == 0) return write_answer(html, service, query, error);
  else if (length == 10 && memcmp(place, "operations", 10) == 0) return write_operations(html, service, info, error);
  return true;
}

bool bsd_page_write(struct bs_buffer *html, struct bsd_service *service, const char *query, struct bs_error *error) {
  const char *at = page, *mark, *end;
  struct bs_names_info info;

  if (!bsd_service_info(service, &info, error)) return false;
  for (; (mark = strstr(at, "{{")) != NULL && (end = strstr(mark, "}}")) != NULL; at = end + 2) {
    bs_buffer_add(html, at, (size_t)(mark - at));
    if (!fill(html, service, mark + 2, (size_t)(end - mark - 2), &info, query, error)) return false;
  }
  bs_buffer_text(html, at);
  return bs_buffer_ok(html, error);
}

/* 'sha256-...' of what stands between two tags of the page. */
static void add_hash(struct bs_buffer *policy, const char *open, const char *close) {
  const char *from = strstr(page, open), *to = from == NULL ? NULL : strstr(from, close);
  unsigned char hash[BS_SHA256_SIZE];

  if (to == NULL) return;
  from += strlen(open);
  bs_sha256(hash, from, (size_t)(to - from));
  bs_buffer_text(policy, "'sha256-");
  bs_base64_encode(policy, hash, sizeof hash);
  bs_buffer_byte(policy, '\'');
}

void bsd_page_policy(struct bs_buffer *policy) {
  bs_buffer_text(policy, "default-src 'none'; style-src ");
  add_hash(policy, "<style>", "</style>");
  bs_buffer_text(policy, "; script-src ");
  add_hash(policy, "<script>", "</script>");
  bs_buffer_text(policy, "; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
}
