# SPDX-License-Identifier: MIT
# The filter without autotools: make -f plain.mk, with `check` or `install`.
CFLAGS = -g -O2 -Wall -Wextra
driverdir = $$(pkg-config --variable=driverdir blockstore)

mask.so: mask.c
	$(CC) $(CFLAGS) $$(pkg-config --cflags blockstore) -fPIC -shared -Wl,-z,defs,-z,now,-z,nodelete $(LDFLAGS) -o $@ mask.c
check: mask.so
	PATH="$$PATH:$$(pkg-config --variable=exec_prefix blockstore)/bin" blockstore-driver-test ./mask.so
install: mask.so
	install -D -m 755 mask.so "$(DESTDIR)$(driverdir)/mask.so"
clean:
	rm -f mask.so
.PHONY: check install clean
