// SPDX-License-Identifier: MIT
// good.c once more, in C++17: nothing that C++ does on its own (exceptions, initialisers, the runtime) gets in the way.
#include <map>
#include <new>
#include <string>
#include <vector>

#include <blockstore/driver.h>

namespace {

using Bytes = std::vector<char>;

struct Good {
  std::string label;
  std::uint64_t limit = 0;
  bool busy = false;
  std::size_t tags = 0;
  std::map<std::string, Bytes> objects;
};

// No exception leaves a driver.
template <typename Body> blockstore_status guarded(blockstore_call *call, Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "There is not enough memory.");
  }
}

std::string url_of(const char *data_id) {
  std::uint64_t hash = UINT64_C(14695981039346656037); // FNV-1a
  char text[17];

  for (; *data_id != '\0'; data_id++) hash = (hash ^ static_cast<unsigned char>(*data_id)) * UINT64_C(1099511628211);
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return std::string("goodxx:") + text;
}

blockstore_status init(void **ret_self, blockstore_call *call, const blockstore_settings *settings, const blockstore_next *) {
  return guarded(call, [&] {
    auto *good = new Good;
    const blockstore_host *host = call->host;

    good->label = host->setting(settings, "label", 0);
    good->limit = static_cast<std::uint64_t>(host->setting_number(settings, "limit"));
    good->busy = host->setting_number(settings, "busy") != 0;
    while (host->setting(settings, "tags", good->tags) != nullptr) good->tags++;
    blockstore_log(call, BLOCKSTORE_LOG_INFO, "opened as %s", good->label.c_str());
    *ret_self = good;
    return BLOCKSTORE_STATUS_OK;
  });
}

void close(void *self, blockstore_call *call) {
  delete static_cast<Good *>(self);
  blockstore_log(call, BLOCKSTORE_LOG_INFO, "closed");
}

blockstore_status handles_url(void *, blockstore_call *, const char *url) {
  return std::string(url).rfind("goodxx:", 0) == 0 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

blockstore_status make_url(void *, blockstore_call *call, blockstore_sink *ret_url, const char *data_id) {
  return guarded(call, [&] {
    std::string url = url_of(data_id);

    return ret_url->write(ret_url, url.data(), url.size());
  });
}

blockstore_status get(void *self, blockstore_call *call, blockstore_sink *ret_data, const char *name) {
  return guarded(call, [&] {
    const auto &objects = static_cast<Good *>(self)->objects;
    auto found = objects.find(name);
    blockstore_status status;

    if (found == objects.end()) return blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "%s: There is no such object.", name);
    status = ret_data->begin(ret_data, found->second.size());
    return status == BLOCKSTORE_STATUS_OK ? ret_data->write(ret_data, found->second.data(), found->second.size()) : status;
  });
}

blockstore_status get_mutable(void *self, blockstore_call *call, blockstore_sink *ret_record, const char *url) {
  blockstore_status status = handles_url(self, call, url);

  return status == BLOCKSTORE_STATUS_OK ? get(self, call, ret_record, url) : status;
}

blockstore_status put(Good *good, blockstore_call *call, const std::string &name, const blockstore_source *source) {
  blockstore_status status;

  if (source->size > good->limit)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TOO_LARGE,
                           "%s: The object has %llu bytes, the option limit allows %llu.", name.c_str(),
                           static_cast<unsigned long long>(source->size), static_cast<unsigned long long>(good->limit));
  Bytes bytes(static_cast<std::size_t>(source->size));
  if (call->host->time_left(call) == 0) return BLOCKSTORE_STATUS_CANCELLED;
  status = source->read_at(source, bytes.data(), bytes.size(), 0);
  if (status == BLOCKSTORE_STATUS_OK) good->objects[name] = std::move(bytes);
  return status;
}

blockstore_status put_immutable(void *self, blockstore_call *call, const char *key, const blockstore_source *data, const char *) {
  return guarded(call, [&] {
    auto *good = static_cast<Good *>(self);

    if (!good->busy) return put(good, call, key, data);
    call->host->retry_after(call, 7);
    return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "%s: The store is busy, as its option says.", key);
  });
}

blockstore_status put_mutable(void *self, blockstore_call *call, const char *data_id, std::uint64_t version,
                              const char *signature, const blockstore_source *record) {
  return guarded(call, [&] {
    blockstore_log(call, BLOCKSTORE_LOG_DEBUG, "version %llu, signature %s", static_cast<unsigned long long>(version), signature);
    return put(static_cast<Good *>(self), call, url_of(data_id), record);
  });
}

blockstore_status delete_immutable(void *self, blockstore_call *call, const char *key, const char *) {
  return guarded(call, [&] {
    static_cast<Good *>(self)->objects.erase(key);
    return BLOCKSTORE_STATUS_OK;
  });
}

blockstore_status delete_mutable(void *self, blockstore_call *call, const char *data_id, const char *) {
  return guarded(call, [&] {
    static_cast<Good *>(self)->objects.erase(url_of(data_id));
    return BLOCKSTORE_STATUS_OK;
  });
}

blockstore_status check(void *self, blockstore_call *call, blockstore_sink *ret_report) {
  return guarded(call, [&] {
    const auto *good = static_cast<Good *>(self);
    const blockstore_host *host = call->host;
    bool listens = BLOCKSTORE_HAS(host, host->struct_size, get_retry_after) && host->get_error(call)[0] == '\0';
    auto truth = [](bool is) { return is ? "true" : "false"; };
    std::string report = "{\"label\": \"" + good->label + "\", \"tags\": " + std::to_string(good->tags) +
                         ", \"timed\": " + truth(host->time_left(call) > 0) +
                         ", \"watched\": " + truth(host->cancel_fd(call) >= 0) +
                         ", \"listens\": " + truth(listens) + "}";

    return ret_report->write(ret_report, report.data(), report.size());
  });
}

const blockstore_driver table = {init,        close,         handles_url, make_url,         get,           get_mutable,
                                 put_immutable, put_mutable, delete_immutable, delete_mutable, check};

} // namespace

BLOCKSTORE_REGISTER_DRIVER(goodxx, table,
                           BLOCKSTORE_VERSION("1.0")
                           BLOCKSTORE_DESCRIPTION("A store in memory, for tests")
                           BLOCKSTORE_URL_SCHEME("goodxx")
                           BLOCKSTORE_LARGEST_OBJECT(1048576)
                           BLOCKSTORE_MIN_HOST_MINOR(0)
                           BLOCKSTORE_THREADS_INSTANCE
                           BLOCKSTORE_CAPABILITY_CONSISTENT
                           BLOCKSTORE_NEEDS_NETWORK
                           BLOCKSTORE_OPTION("label", STRING, REQUIRED, "", "What it is called")
                           BLOCKSTORE_OPTION("limit", SIZE, OPTIONAL, "64K", "Bytes of the largest object that it takes")
                           BLOCKSTORE_OPTION("busy", BOOL, OPTIONAL, "false", "It has no time for immutable data")
                           BLOCKSTORE_OPTION("tags", LIST, OPTIONAL, "", "Words about it"));
