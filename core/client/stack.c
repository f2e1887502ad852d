/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/stack.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/codec/hex.h"
#include "core/driver/options.h"
#include "core/driver/exact.h"
#include "core/driver/rows.h"
#include "core/driver/rule.h"
#include "core/driver/vet.h"

const char *const bs_filter_core_keys[] = {"filter", "sha256"};
const size_t bs_filter_core_key_count = sizeof bs_filter_core_keys / sizeof bs_filter_core_keys[0];

bool bs_filter_item(const char **ret_name, struct bs_yaml *ret_node, const struct bs_yaml *item) {
  const struct bs_yaml *name = item->kind == BS_YAML_MAPPING ? bs_yaml_find(item, "filter") : item;

  if (name == NULL || name->kind != BS_YAML_SCALAR || bs_yaml_is_null(name)) return false;
  *ret_name = name->text;
  *ret_node = *item;
  if (item->kind == BS_YAML_SCALAR)
    *ret_node = (struct bs_yaml){.kind = BS_YAML_MAPPING, .line = item->line, .column = item->column};
  return true;
}

bool bs_wanted_find(const struct blockstore_config *config, const struct bs_yaml *mapping, struct bs_wanted *ret_wanted,
                    struct bs_error *error) {
  const struct bs_rows_file file = {config->file, config->directory, config->root};
  struct bs_wanted wanted = {.node = bs_yaml_find(mapping, "sha256")};
  const char *text = wanted.node == NULL ? "" : bs_rows_scalar(&file, wanted.node, BS_EXACT_EXPECTED, error);

  if (text == NULL) return false;
  if (wanted.node != NULL &&
      (!bs_hex_is_string(text, 2 * sizeof wanted.sha256) || !bs_hex_decode(wanted.sha256, sizeof wanted.sha256, text)))
    return bs_config_refuse(config, wanted.node, error, "Expected here: " BS_EXACT_EXPECTED);
  *ret_wanted = wanted;
  return true;
}

bool bs_filters_check(const struct blockstore_config *config, const struct bs_yaml *filters, struct bs_error *error) {
  struct bs_yaml options;
  struct bs_wanted wanted;
  const char *name;

  if (filters == NULL) return true;
  if (filters->kind != BS_YAML_SEQUENCE || filters->count > BS_FILTERS_MAX)
    return bs_config_refuse(config, filters, error, "Expected here: a list of at most %d filters", BS_FILTERS_MAX);
  for (size_t i = 0; i < filters->count; i++) {
    const struct bs_yaml *item = filters->values[i];
    const struct bs_yaml *isolate = item->kind == BS_YAML_MAPPING ? bs_yaml_find(item, "isolate") : NULL;

    if (isolate != NULL)
      return bs_config_refuse(config, isolate, error,
                              "A filter runs in this process: only a store's own driver can be isolated.");
    if (!bs_filter_item(&name, &options, item) || !bs_vet_is_name(name))
      return bs_config_refuse(config, item, error,
                              "Expected here: the name of a filter, or {filter: NAME, OPTION: VALUE ...}");
    if (!bs_wanted_find(config, &options, &wanted, error)) return false;
  }
  return true;
}

/* ---- loading ---- */

static bool refuse(const struct bs_stack *stack, const struct bs_yaml *node, struct bs_error *error) {
  return bs_context(error, "%s:%u:%u: Store %s", stack->config->file, node->line, node->column, stack->entry->name);
}

/* May it be loaded, by its bytes? */
static bool admit(struct bs_candidate *candidate, const struct bs_stack *stack, const struct bs_wanted *wanted,
                  struct bs_error *error) {
  if (stack->lock != NULL && !bs_lockfile_admits(stack->lock, candidate, stack->config->lock_file, error)) return false;
  return wanted->node == NULL || bs_exact_check(candidate, wanted->sha256, error);
}

const char *bs_layer_driver(const struct bs_layer *layer) {
  return layer->isolation == NULL ? layer->module->name : layer->isolation->candidate->name;
}

const char *bs_layer_file(const struct bs_layer *layer) {
  return layer->isolation == NULL ? layer->module->path : layer->isolation->candidate->path;
}

const struct bs_metadata *bs_layer_metadata(const struct bs_layer *layer) {
  return layer->isolation == NULL ? layer->module->metadata : &layer->isolation->traits;
}

static bool find_candidate(struct bs_candidate **ret_candidate, const struct bs_stack *stack, const char *driver,
                           struct bs_error *error) {
  const struct blockstore_config *config = stack->config;

  return bs_catalog_find(ret_candidate, (const char *const *)config->plugin_path, config->plugin_path_count, driver, error);
}

/* Does `drivers why` know more?  It looks for the libraries that the file names, and for nothing that only loading shows. */
static bool why_tells(const struct bs_stack *stack, const char *driver) {
  const struct blockstore_config *config = stack->config;
  struct bs_catalog *catalog BS_AUTO_CATALOG = NULL;
  struct bs_error ignored = {0};

  if (!bs_catalog_explain(&catalog, (const char *const *)config->plugin_path, config->plugin_path_count, driver, &ignored))
    return false;
  for (size_t i = 0; i < catalog->candidate_count; i++)
    if (catalog->candidates[i]->shadowed_by == NULL) return catalog->candidates[i]->refused != NULL;
  return false;
}

static bool find_module(struct bs_layer *layer, const struct bs_stack *stack, const char *driver, const struct bs_wanted *wanted,
                        struct bs_error *error) {
  struct bs_candidate *candidate BS_AUTO_CANDIDATE = NULL;

  if (find_candidate(&candidate, stack, driver, error) && admit(candidate, stack, wanted, error) &&
      bs_module_load(&layer->module, candidate, error))
    return true;
  if (candidate == NULL || error->rule != BS_RULE_library) return false;
  /* the linker names one thing that is amiss, and not what to do */
  if (why_tells(stack, driver))
    return bs_fail(error, error->word, "%s; run: blockstore-cli drivers why %s", error->message, driver);
  return bs_fail(error, error->word, "%s; to see all that it lacks, run, if you trust it: ldd -r %s", error->message,
                 candidate->path);
}

/* What is found stays a file; exec is loaded in its place. */
static bool isolate(struct bs_layer *layer, const struct bs_stack *stack, const char *driver, const struct bs_wanted *wanted,
                    struct bs_error *error) {
  static const struct bs_wanted any = {.node = NULL};
  struct bs_candidate *candidate;

  if (!find_candidate(&candidate, stack, driver, error)) return false;
  if (candidate->builtin != NULL) {
    bs_candidate_free(candidate);
    return bs_fail(error, BS_WORD_driver, "The driver %s is built into this program and cannot be isolated: leave out "
                   "\"isolate\", or give it a file.", driver);
  }
  if (!admit(candidate, stack, wanted, error)) {
    bs_candidate_free(candidate);
    return false;
  }
  if (!bs_isolation_new(&layer->isolation, candidate, error)) return false;
  if (find_module(layer, stack, "exec", &any, error)) return true;
  bs_isolation_free(layer->isolation);
  layer->isolation = NULL;
  return bs_context(error, "A driver is isolated by way of the driver exec");
}

/* A sandbox grants what the configuration names, and so nothing that the driver would like to have. */
static bool check_paths(const struct bs_stack *stack, const struct bs_layer *layer, const struct bs_yaml *node,
                        struct bs_error *error) {
  const struct bs_metadata *metadata = bs_layer_metadata(layer);

  for (size_t i = 0; i < metadata->option_count; i++) {
    const struct bs_option *option = &metadata->options[i];

    if (option->type == BS_OPTION_PATH && option->initial[0] != '\0' && bs_yaml_find(&layer->node, option->key) == NULL)
      return bs_config_refuse(stack->config, node, error,
                              "Store %s: In a sandbox the option \"%s\" must stand here: left out it is \"%s\", and that only "
                              "the driver %s has chosen.",
                              stack->entry->name, option->key, option->initial, bs_layer_driver(layer));
  }
  return true;
}

/* node: where the name stands. */
static bool load_layer(struct bs_stack *stack, const char *driver, const struct bs_yaml *options, const struct bs_yaml *node,
                       struct bs_error *error) {
  struct bs_layer *layer = &stack->layers[stack->count];
  bool is_filter = stack->count > 0;
  bool is_isolated = !is_filter && stack->entry->isolate != BS_ISOLATE_NONE;
  const struct bs_metadata *metadata;
  struct bs_wanted wanted = {.node = NULL};

  *layer = (struct bs_layer){.node = *options};
  if (!bs_wanted_find(stack->config, options, &wanted, error)) return false;
  if (!(is_isolated ? isolate : find_module)(layer, stack, driver, &wanted, error))
    return refuse(stack, wanted.node != NULL ? wanted.node : node, error);
  stack->count++; /* so that it is freed */
  metadata = bs_layer_metadata(layer);
  if (metadata->is_filter && !is_filter)
    return bs_config_refuse(stack->config, node, error,
                            "Store %s: The driver %s is a filter, not a store: it stands in a store's \"filters\".",
                            stack->entry->name, driver);
  if (!metadata->is_filter && is_filter)
    return bs_config_refuse(stack->config, node, error, "Store %s: The driver %s is a store, not a filter.",
                            stack->entry->name, driver);
  if (is_isolated && stack->entry->isolate == BS_ISOLATE_SANDBOX && !check_paths(stack, layer, node, error)) return false;
  stack->capabilities = is_filter ? bs_store_capabilities(metadata->capabilities, stack->capabilities) : metadata->capabilities;
  return true;
}

static bool read_settings(struct bs_stack *stack, struct bs_layer *layer, struct bs_error *error) {
  bool is_filter = layer != stack->layers;
  const struct bs_options_place place = {stack->config->file, stack->config->directory,
                                         is_filter ? bs_filter_core_keys : bs_config_core_keys,
                                         is_filter ? bs_filter_core_key_count : bs_config_core_key_count};

  return layer->settings != NULL || bs_options_read(&layer->settings, bs_layer_metadata(layer), &layer->node, &place, error);
}

static bool read_lock(struct bs_stack *stack, struct bs_error *error) {
  const struct blockstore_config *config = stack->config;
  const struct bs_yaml *node = config->locked == NULL ? NULL : bs_yaml_find(bs_yaml_find(config->root, "load"), "locked");

  return node == NULL || bs_lockfile_read(&stack->lock, config->lock_file, config->locked_by, error) ||
         bs_context(error, "%s:%u:%u: load.locked", config->file, node->line, node->column);
}

/* What stands below the topmost layer, and may not; NULL: nothing. */
static const struct bs_layer *find_misled(const struct bs_stack *stack) {
  const struct bs_layer *top = &stack->layers[stack->count - 1];

  for (const struct bs_layer *layer = top; layer-- > stack->layers;)
    if (!bs_metadata_may_stand(bs_layer_metadata(top), bs_layer_metadata(layer))) return layer;
  return NULL;
}

/* Does the topmost layer get on with those below it?  Which do not, their metadata say. */
static bool check_order(const struct bs_stack *stack, const struct bs_yaml *node, struct bs_error *error) {
  const struct bs_layer *top = &stack->layers[stack->count - 1], *misled = find_misled(stack);
  const char *above = bs_layer_driver(top), *below;

  if (misled == NULL) return true;
  below = bs_layer_driver(misled);
  if (strcmp(above, below) == 0)
    return bs_config_refuse(stack->config, node, error,
                            "Store %s: The filter %s changes data, and stands there twice: leave out one of them.",
                            stack->entry->name, above);
  if (misled == stack->layers)
    return bs_config_refuse(stack->config, node, error,
                            "Store %s: The filter %s changes data, and the driver %s takes them only as they are: leave out the "
                            "filter, or choose another store.", stack->entry->name, above, below);
  return bs_config_refuse(stack->config, node, error,
                          "Store %s: The filter %s changes data, and %s below it takes them only as they are: put %s to the left "
                          "of %s.", stack->entry->name, above, below, below, above);
}

static bool load(struct bs_stack *stack, struct bs_error *error) {
  const struct bs_yaml *node = stack->entry->node, *filters = bs_yaml_find(node, "filters");
  size_t count = filters == NULL ? 0 : filters->count;

  stack->layers = calloc(count + 1, sizeof *stack->layers);
  if (stack->layers == NULL) return bs_fail_memory(error);
  if (!read_lock(stack, error)) return false;
  if (!load_layer(stack, stack->entry->driver, node, bs_yaml_find(node, "driver"), error)) return false;
  for (size_t i = count; i > 0; i--) {
    const struct bs_yaml *item = filters->values[i - 1];
    struct bs_yaml options;
    const char *name;

    if (bs_filter_item(&name, &options, item) &&
        (!load_layer(stack, name, &options, item, error) || !check_order(stack, item, error)))
      return false;
  }
  for (size_t i = 0; i < stack->count; i++)
    if (!read_settings(stack, &stack->layers[i], error)) return false;
  return true;
}

bool bs_stack_load(struct bs_stack *stack, const struct blockstore_config *config, const struct bs_store_config *entry,
                   struct bs_error *error) {
  bool good;

  *stack = (struct bs_stack){.config = config, .entry = entry};
  good = load(stack, error);
  bs_lockfile_free(stack->lock);
  stack->lock = NULL;
  if (!good) bs_stack_free(stack);
  return good;
}

void bs_stack_free(struct bs_stack *stack) {
  for (size_t i = 0; i < stack->count; i++) {
    bs_settings_free(stack->layers[i].settings);
    bs_isolation_free(stack->layers[i].isolation);
  }
  free(stack->layers);
  *stack = (struct bs_stack){.count = 0};
}

/* ---- opening ---- */

/* The layer's settings, which are the caller's from now on: those that its module is opened with. */
static bool take_settings(struct blockstore_settings **ret_settings, struct bs_stack *stack, struct bs_layer *layer,
                          struct bs_error *error) {
  struct blockstore_settings *own;
  bool made;

  if (!read_settings(stack, layer, error)) return false;
  own = layer->settings;
  layer->settings = NULL;
  *ret_settings = own;
  if (layer->isolation == NULL) return true;
  made = bs_isolation_settings(ret_settings, layer->isolation, stack->entry->isolate, own, error);
  bs_settings_free(own);
  return made;
}

static bool open_layer(struct bs_store **store, struct bs_stack *stack, struct bs_layer *layer, struct bs_scope *scope,
                       struct bs_error *error) {
  const struct bs_module *module = layer->module;
  struct blockstore_settings *settings;
  struct bs_store *below = *store;

  *store = NULL;
  if (!take_settings(&settings, stack, layer, error)) {
    bs_store_close(below);
    return false;
  }
  /* the last line if that crashes */
  bs_log(BS_LOG_INFO, "opening the store %s with %s%s", stack->entry->name, bs_layer_file(layer),
         layer->isolation == NULL ? "" : ", isolated");
  return bs_store_open(store, stack->entry->name, bs_layer_driver(layer), module->driver, module->driver_size,
                       bs_layer_metadata(layer), settings, (int)stack->entry->is_inline, below, scope, error);
}

bool bs_stack_open(struct bs_store **ret_store, struct bs_stack *stack, struct bs_scope *scope, struct bs_error *error) {
  struct bs_store *store = NULL;

  for (size_t i = 0; i < stack->count; i++)
    if (!open_layer(&store, stack, &stack->layers[i], scope, error)) return false;
  *ret_store = store;
  return true;
}
