# SPDX-License-Identifier: MIT
# driver.h as a later minor version may have it: a member more in every struct, a status and a capability more.
BEGIN {
  member["blockstore_driver"] = "enum blockstore_status (*added)(void *self, struct blockstore_call *call);"
  member["blockstore_host"] = "const char *(*added)(struct blockstore_call *call);"
}
/^#define BLOCKSTORE_ABI_MINOR / { $3++ }
/^#if defined\(__GNUC__\)/ { print "#pragma GCC diagnostic ignored \"-Wmissing-field-initializers\" /* the macro's */" }
/^struct blockstore_[a-z]+ \{/ { of = $2 }
/^};/ && of != "" { print "  " (of in member ? member[of] : "const void *added;"); of = "" }
/^#define BLOCKSTORE_CAPABILITY_DURABLE / { print "#define BLOCKSTORE_CAPABILITY_ADDED \"capability=added\\n\"" }
/BLOCKSTORE_STATUS_FAILED = 10 / { sub(/= 10 /, "= 10, BLOCKSTORE_STATUS_ADDED = 11 ") }
{ print }
