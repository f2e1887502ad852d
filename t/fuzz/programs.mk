# SPDX-License-Identifier: MIT
# The program of the fuzzers, built apart from all else, from objects of its own: make -f t/fuzz/programs.mk KIND=..., in a build
# folder, by the rules in t/fuzz/Makefile.inc, which give the rest.  GNU make.  FUZZ_CC, FUZZ_CFLAGS: another compiler, more
# flags.
#
#   libfuzzer   t/fuzz/fuzz        clang's fuzzer, sanitizers
#   afl         t/fuzz/fuzz-afl    the same for afl-fuzz
#   cover       t/fuzz/fuzz-cover  runs inputs, and counts what they reach
compiler_libfuzzer = clang
flags_libfuzzer = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
program_libfuzzer = t/fuzz/fuzz
compiler_afl = afl-clang-fast
flags_afl = $(flags_libfuzzer)
program_afl = t/fuzz/fuzz-afl
compiler_cover = clang
flags_cover = -O0 -fprofile-instr-generate -fcoverage-mapping
program_cover = t/fuzz/fuzz-cover

FUZZ_CC = $(compiler_$(KIND))
instrument_libfuzzer = -fsanitize=fuzzer-no-link
sources = $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/core/*/*.c $(srcdir)/plugins/common/*.c $(srcdir)/t/fuzz/*.c)) \
	plugins/dht/harvest.c plugins/dht/place.c plugins/dht/value.c \
	plugins/exec/exchange.c plugins/exec/frame.c plugins/exec/process.c plugins/exec/said.c plugins/exec/spawn.c \
	$(addprefix tools/driver-host/,channel.c serve.c subject.c wear.c) \
	plugins/http/listing.c $(addprefix plugins/encrypt/,format.c keys.c open.c seal.c) \
	plugins/s3/answer.c plugins/s3/place.c plugins/s3/profile.c t/lib/forge.c \
	$(addprefix tools/blockstored/,cache.c follower.c http.c journal.c json.c method.c methods-blocks.c methods-coins.c methods-names.c \
	methods-namespaces.c metrics.c progress.c service.c settings.c shapes.c)
folder = t/fuzz/$(KIND)
objects = $(sources:%.c=$(folder)/%.o)
compile = $(FUZZ_CC) -g -std=gnu11 -pthread $(flags_$(KIND))

$(program_$(KIND)): $(objects)
	@echo '  LINK    ' $@
	@$(compile) -fsanitize=fuzzer -o $@ $(objects) $(LIBS)

$(folder)/%.o: $(srcdir)/%.c
	@mkdir -p $(@D)
	@echo '  FUZZ    ' $@
	@$(compile) $(instrument_$(KIND)) $(CPPFLAGS) -MMD -MP -c -o $@ $<

-include $(objects:.o=.d)
