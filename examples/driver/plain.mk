# SPDX-License-Identifier: MIT
# The driver without autotools: make -f plain.mk, with `check` or `install`.
CFLAGS = -g -O2 -Wall -Wextra
driverdir = $$(pkg-config --variable=driverdir blockstore)

sqlite.so: sqlite.c sha256.h
	$(CC) $(CFLAGS) $$(pkg-config --cflags blockstore sqlite3) -fPIC -shared -Wl,-z,defs,-z,now,-z,nodelete $(LDFLAGS) \
	  -o $@ sqlite.c $$(pkg-config --libs sqlite3)
check: sqlite.so
	PATH="$$PATH:$$(pkg-config --variable=exec_prefix blockstore)/bin" blockstore-driver-test -o file=@DIR@/objects.db sqlite.so
install: sqlite.so
	install -D -m 755 sqlite.so "$(DESTDIR)$(driverdir)/sqlite.so"
clean:
	rm -f sqlite.so
.PHONY: check install clean
