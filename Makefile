# Daybook.  `make` builds everything into build/, `make run` starts it, `make test` proves it.
#
#   src/       libdaybook.a          cgi-bin/   one FastCGI program per endpoint
#   cli/       the daybook command   tests/     unit, zone, e2e, faults, bench, fuzz, hosting
#   fetch/, idle/  two programs of their own    hosting/   the zip for shared hosting
#
# Variables: PORT and DAYBOOK_DB (make run), SAN=1 (ASan and UBSan), COV=1 (counts of lines), WERROR=1 (a warning is an error, as
# in every target that tests), SQLITE3_SRC=/path/to/amalgamation (link that SQLite statically instead of the system's), CC,
# CFLAGS, LDFLAGS.

VERSION = 0.1.0
PORT ?= 8080

B = build$(if $(SAN),/san)$(if $(COV),/cov)$(if $(HOSTING),/hosting)
DAYBOOK_DB ?= $(CURDIR)/build/run/daybook.db

CC = gcc
PKG_CONFIG = pkg-config
WARN = -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 $(if $(WERROR),-Werror)
comma = ,
PERCENT = %
hash = \#
# Debian's hardening=+all and what OpenSSF adds to it, as far as the compiler and the processor have it.
compiles = $(shell echo '$(hash)include <string.h>' | $(CC) -Werror -O2 $(1) -x c -c - -o /dev/null 2>/dev/null && echo $(1))
HARDENING := $(or $(call compiles,-D_FORTIFY_SOURCE=3),-D_FORTIFY_SOURCE=2) -fstack-protector-strong $(foreach flag,\
	-fstack-clash-protection -fcf-protection -mbranch-protection=standard -ftrivial-auto-var-init=zero,$(call compiles,$(flag)))
HARDEN = $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g,\
	$(if $(COV),--coverage -O0 -g,-O2 -g $(HARDENING)))
# Hidden: libjwt's own JSON library has a json_string too, and must not find ours.
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -iquote src $(if $(HOSTING),-isystem $(B)/include) -fPIE -fvisibility=hidden $(WARN) $(HARDEN) $(shell $(PKG_CONFIG) --cflags libcjson libjwt) $(CFLAGS)
ALL_LDFLAGS = $(if $(HOSTING),-static-pie -s,-pie) -Wl,-z,relro,-z,now,--as-needed $(if $(SAN),-fsanitize=address$(comma)undefined) \
	$(if $(COV),--coverage -Wl$(comma)--wrap=_exit$(comma)--wrap=abort) $(LDFLAGS)
SQLITE_LIB = $(if $(SQLITE3_SRC),$(B)/sqlite3.o -lpthread -ldl,-lsqlite3)
FLUSH = $(if $(COV),$(B)/flush.o)
# libcrypto first: at the start of a program each of its 4,000 references is looked up in the libraries in this order.
LIBS = $(FLUSH) $(B)/libdaybook.a $(if $(HOSTING),$(SQLITE_LIB) $(STATIC_LIBS) $(shell $(PKG_CONFIG) --static --libs libcrypto),\
	-lcrypto $(SQLITE_LIB) -lcjson -ljwt) -lm
SQLITE_OPTIONS = -DSQLITE_THREADSAFE=0 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS \
	-DSQLITE_MAX_EXPR_DEPTH=0 -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_PROGRESS_CALLBACK \
	-DSQLITE_OMIT_SHARED_CACHE -DSQLITE_USE_ALLOCA -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DQS=0 -DHAVE_USLEEP=1

GENERATED = schema version setup_html statement_html route_words	# .c files made by the rules below
LIB_OBJ = $(patsubst src/%.c,$(B)/src/%.o,$(wildcard src/*/*.c)) $(GENERATED:%=$(B)/%.o)
# A program is a file cgi-bin/NAME.c, or a folder cgi-bin/NAME/ with NAME.c in it.
NAMES = $(sort $(basename $(notdir $(wildcard cgi-bin/*.c))) $(patsubst cgi-bin/%/,%,$(wildcard cgi-bin/*/)))
program_sources = $(wildcard cgi-bin/$(1).c cgi-bin/$(1)/*.c)
PROGRAMS = $(NAMES:%=$(B)/cgi-bin/%.fcgi)
CLI_OBJ = $(patsubst cli/%.c,$(B)/cli/%.o,$(wildcard cli/*.c))
COMMAND = $(B)/bin/daybook
# The one program that is linked with libcurl; the zip for shared hosting does not have it.
FETCH = $(if $(HOSTING),,$(B)/lib/daybook/daybook-fetch)
# What programs become that nobody asks anything, linked with libc alone; in the zip mod_fcgid ends them instead.
IDLE = $(if $(HOSTING),,$(B)/daybook-idle)
UNIT = $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*.c))
HELPERS = $(B)/tests/zone/dump $(if $(SAN),,$(B)/tests/faults/shim.so $(if $(COV),,$(FIXED)))
BENCH = $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(wildcard tests/bench/*.c))
FIXED = $(B)/tests/bench/fixed.so
CONFS = $(patsubst httpd-conf/%.in,$(B)/httpd-conf/%,$(wildcard httpd-conf/*.in))
SOURCES = $(wildcard src/*/*.[ch] cgi-bin/*.c cgi-bin/*/*.[ch] cli/*.[ch] fetch/*.c idle/*.c) schema.sql cgi-bin/setup/setup.html cgi-bin/statements/statement.html \
	httpd-conf/routes Makefile
HTDOCS = $(B)/htdocs/index.html

# ---- The packages, all of them; everything that installs looks here.  system/deps says what | and :command mean.
# (zlib: carriers deliver their logs compressed by gzip, and `daybook import` unpacks them.  libcurl: `daybook key` reads the keys
# that identity providers publish.)
BUILD_PACKAGES = gcc make pkg-config libc6-dev libfcgi-dev libsqlite3-dev libcjson-dev libjwt-dev \
	libssl-dev libcsv-dev zlib1g-dev libcurl4-openssl-dev tzdata lighttpd libjs-chart.js
# npm: the viewer of the API's document, and axe-core.  A build without npm leaves the viewer out.
TEST_PACKAGES = npm:command libcmocka-dev python3 python3-pytest python3-pytest-xdist python3-yaml python3-jsonschema \
	openapi-specification sqlite3 curl faketime mandoc apache2-bin libapache2-mod-fcgid nginx spawn-fcgi multiwatch \
	lighttpd-mod-deflate systemd chromium chromium-driver python3-selenium fonts-dejavu-core valgrind
# PHP, PostgreSQL and Node are what `make bench` compares with; better-sqlite3 is compiled.
BENCH_PACKAGES = wrk sqlite3 python3 python3-pytest valgrind php-fpm php-sqlite3 php-pgsql postgresql npm:command g++
TEST_ALL_PACKAGES = firefox-esr prometheus fail2ban	# promtool and fail2ban-regex
FUZZ_PACKAGES = clang libclang-rt-dev
DEB_PACKAGES = $(BUILD_PACKAGES) build-essential git debhelper lintian systemd-dev|systemd
DEB_TEST_PACKAGES = debootstrap util-linux iproute2
HOSTING_PACKAGES = musl-tools dpkg-dev xz-utils zip libzstd-dev
# For a release for arm64: dpkg --add-architecture arm64 comes first.
ARM64_LIBRARIES = $(filter lib%-dev zlib1g-dev,$(BUILD_PACKAGES)) libzstd-dev musl-dev

# `make V=1` shows the commands.
$(V).SILENT:

DEPS = deps deps-test deps-test-all deps-bench deps-fuzz deps-deb deps-test-deb deps-test-fresh deps-hosting deps-release \
	deps-arm64 deps-screenshots
.PHONY: all programs units run check test test-all san coverage clients soak faults screenshots replies lint bench fuzz dist deb test-deb test-fresh dist-hosting dist-release \
	hosting-zip install uninstall clean $(DEPS)

all: programs $(CONFS) $(HTDOCS)

# The programs and the commands alone.
programs: $(PROGRAMS) $(COMMAND) $(FETCH) $(IDLE)

# ---- Installs what is missing; does nothing if nothing is missing.
deps: PACKAGES = $(BUILD_PACKAGES)
deps-test: PACKAGES = $(BUILD_PACKAGES) $(TEST_PACKAGES)
deps-test-all: PACKAGES = $(BUILD_PACKAGES) $(TEST_PACKAGES) $(TEST_ALL_PACKAGES)
deps-bench: PACKAGES = $(BUILD_PACKAGES) $(BENCH_PACKAGES)
deps-fuzz: PACKAGES = $(BUILD_PACKAGES) $(FUZZ_PACKAGES)
# The tests of the dashboard need axe-core also where the archive of a release brings the viewer along.
deps-test deps-test-all: AFTER = $(MAKE) --no-print-directory build/node/.made
deps-bench: AFTER = $(MAKE) --no-print-directory build/bench/node/.made
deps-deb: PACKAGES = $(DEB_PACKAGES)
deps-test-deb: PACKAGES = $(DEB_PACKAGES) $(DEB_TEST_PACKAGES)
deps-release: PACKAGES = $(sort $(DEB_PACKAGES) $(HOSTING_PACKAGES)) npm:command $(if $(SIGN_KEY),gnupg)
deps-arm64: PACKAGES = crossbuild-essential-arm64 $(ARM64_LIBRARIES:%=%:arm64)
deps-test-fresh: PACKAGES = git python3 debootstrap util-linux
deps-hosting: PACKAGES = $(BUILD_PACKAGES) $(HOSTING_PACKAGES)
deps-hosting: AFTER = $(MAKE) --no-print-directory $(FROM)/libjwt/include/jwt.h
deps-screenshots: PACKAGES = $(BUILD_PACKAGES) $(TEST_PACKAGES) pngquant
$(DEPS):
	@system/deps $(PACKAGES:%='%')
	@$(AFTER)

# ---- Building
# Asks for the compiler and every library once, before an error of the compiler is all that there is to read.
HEADERS = cjson/cJSON.h csv.h fcgiapp.h jwt.h openssl/evp.h sqlite3.h stdio.h zlib.h $(if $(HOSTING),,curl/curl.h)
$(B)/.ready:
	@mkdir -p $(@D)
	{ $(PKG_CONFIG) --print-errors --exists libcjson libjwt && printf '#include <%s>\n' $(HEADERS) | \
		$(CC) $$($(PKG_CONFIG) --cflags libcjson libjwt) $(CFLAGS) -x c -fsyntax-only -; } >$@.log 2>&1 || { cat $@.log >&2; \
		echo "The compiler or a library is missing, as above. To install what the build needs: make deps" >&2; exit 1; }
	mv $@.log $@

$(B)/libdaybook.a: $(LIB_OBJ) $(FLUSH)
	rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)

$(B)/src/%.o: src/%.c | $(B)/.ready
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/cli/%.o: cli/%.c | $(B)/.ready
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

ifndef HOSTING
$(B)/cgi-bin/events.fcgi: $(B)/cgi-bin/events-list/list.o	# it answers the list of events too

$(B)/cgi-bin/%.o: cgi-bin/%.c | $(B)/.ready
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDEXPANSION:
$(PROGRAMS): $(B)/cgi-bin/%.fcgi: $$(patsubst $$(PERCENT).c,$(B)/$$(PERCENT).o,$$(call program_sources,$$*)) $(B)/libdaybook.a \
		$(if $(SQLITE3_SRC),$(B)/sqlite3.o)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$(filter-out %/sqlite3.o,$^)) $(LIBS) -lfcgi

$(COMMAND): $(CLI_OBJ) $(B)/libdaybook.a $(if $(SQLITE3_SRC),$(B)/sqlite3.o)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(CLI_OBJ) $(LIBS) -lcsv -lz
endif

$(B)/lib/daybook/daybook-fetch: fetch/daybook-fetch.c $(FLUSH) | $(B)/.ready
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(FLUSH) -lcurl

$(B)/daybook-idle: idle/daybook-idle.c | $(B)/.ready
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -fPIE $(WARN) -O2 $(HARDENING) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $<

$(B)/tests/%: tests/%.c $(B)/libdaybook.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d $(ALL_LDFLAGS) -o $@ $< $(LIBS) -lfcgi $(if $(filter $(UNIT),$@),-lcmocka)

$(B)/flush.o: tests/coverage/flush.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# A library that makes calls of the programs fail; the sanitizers have a malloc of their own.
$(B)/tests/faults/shim.so: tests/faults/shim.c tests/faults/fixed.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 -g -fPIC -shared $(WARN) -o $@ $^ -ldl

# The second part of it alone: a clock that does not move, for counting instructions.
$(FIXED): tests/faults/fixed.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 -g -fPIC -shared $(WARN) -o $@ $<

$(B)/sqlite3.o: $(SQLITE3_SRC)/sqlite3.c
	@mkdir -p $(@D)
	$(CC) -O2 -fPIE $(HARDENING) $(SQLITE_OPTIONS) -c -o $@ $<

# The web servers' configurations, from one table of routes.
$(B)/httpd-conf/%: httpd-conf/%.in httpd-conf/routes httpd-conf/files httpd-conf/generate $(wildcard httpd-conf/*.inc cgi-bin/*.c cgi-bin/*/*.c)
	@mkdir -p $(@D)
	httpd-conf/generate $< $(NAMES) >$@.new && mv $@.new $@

# schema.sql and pages as C strings.
$(B)/schema.c: schema.sql
$(B)/setup_html.c: cgi-bin/setup/setup.html
$(B)/statement_html.c: cgi-bin/statements/statement.html
$(B)/schema.c $(B)/setup_html.c $(B)/statement_html.c:
	@mkdir -p $(@D)
	name=$(subst .,_,$(notdir $<)); { echo "extern const char $$name[]; const char $$name[] ="; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $<; echo ';'; } > $@

# The words of routes that are no ids.
$(B)/route_words.c: httpd-conf/routes httpd-conf/words
	@mkdir -p $(@D)
	httpd-conf/words >$@.new && mv $@.new $@

# The build: what a cached reply and an ETag belong to.
$(B)/version.c: $(SOURCES)
	@mkdir -p $(@D)
	{ echo '#include "base/version.h"'; echo 'const char version[] = "$(VERSION)";'; \
	  echo "const char version_build[] = \"$$(cat $(SOURCES) | sha256sum | cut -c1-16)\";"; } > $@

$(GENERATED:%=$(B)/%.o): %.o: %.c | $(B)/.ready
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# ---- Linked statically, for hosts with other libraries: HOSTING=1.
include hosting/hosting.mk

# ---- The dashboard: htdocs as it is, the chart's library, the API's document and its viewer.  npm fetches the viewer once, by
# the versions and checksums of the lock file; nothing of its is run.  The archive of a release brings it along.  In a build
# without npm or without a network the page says how to get it.
NODE = $(or $(wildcard htdocs-libs/node_modules),build/node/node_modules)
FETCHED = $(if $(wildcard htdocs-libs/node_modules),,$(if $(shell command -v npm),build/node/.made))

# If nothing can be fetched, there is no .made, and the next make tries again.
build/node/.made: htdocs-libs/package.json htdocs-libs/package-lock.json
	@mkdir -p $(@D)
	cp $^ $(@D)/
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=2000 \
		--loglevel=error >npm.log 2>&1 && touch .made || { grep -m 1 'errno\|code' npm.log; echo "npm could not fetch the viewer of\
		 the API's document, see build/node/npm.log. The dashboard is built without it; make again when there is a network."; }

$(HTDOCS): $(wildcard htdocs/* htdocs/*/*) docs/openapi.yaml $(FETCHED)
	rm -rf $(@D) $(@D).new
	mkdir -p $(@D).new/lib
	cp -R htdocs/. docs/openapi.yaml $(@D).new/
	cp /usr/share/javascript/chart.js/chart.min.js $(@D).new/lib/chart.js
	cp /usr/share/doc/libjs-chart.js/copyright $(@D).new/lib/LICENSE.chart.js
	if cp $(NODE)/swagger-ui-dist/LICENSE $(@D).new/lib/LICENSE.swagger-ui 2>/dev/null; then \
		sed '/^\/\/# sourceMappingURL=/d' $(NODE)/swagger-ui-dist/swagger-ui-bundle.js >$(@D).new/lib/swagger-ui.js && \
		sed '/^\/\*# sourceMappingURL=/d' $(NODE)/swagger-ui-dist/swagger-ui.css >$(@D).new/lib/swagger-ui.css; \
	else \
		echo 'globalThis.SwaggerUIBundle = null;	/* built without npm */' >$(@D).new/lib/swagger-ui.js && : >$(@D).new/lib/swagger-ui.css; \
	fi
	touch $(@D).new/index.html
	mv $(@D).new $(@D)

# ---- Running
run: deps
	@$(MAKE) --no-print-directory -j2 all
	@httpd-conf/run "$(B)" "$(PORT)" "$(DAYBOOK_DB)"

# ---- Testing
units: $(UNIT) $(HELPERS)

# Three sizes: `check` while writing, installs nothing; `test` before a push, and what CI runs; `test-all` before a release.
check test test-all san coverage: export WERROR = 1
check:
	@$(MAKE) --no-print-directory -j2 $(PROGRAMS) $(COMMAND) $(FETCH) $(IDLE) $(CONFS) units
	@tests/run check "$(B)"

test: deps-test deps-hosting
	@$(MAKE) --no-print-directory -j2 all units
	@$(MAKE) --no-print-directory -j2 HOSTING=1 hosting-zip
	@$(MAKE) --no-print-directory -j2 SAN=1 units
	@tests/run test build build/san

# Run as root, with a network; meant to take 90 minutes: the tests, a quarter of the faults, and at the end the fuzzers and the
# package in a fresh Debian.
test-all: deps-test-all deps-hosting deps-fuzz deps-test-deb clients
	@$(MAKE) --no-print-directory -j2 all units
	@$(MAKE) --no-print-directory -j2 HOSTING=1 hosting-zip
	@$(MAKE) --no-print-directory -j2 SAN=1 all units
	@$(MAKE) --no-print-directory -j2 COV=1 all units
	@tests/run all build build/san build/cov

# Everything under ASan and UBSan.
san: deps-test
	@$(MAKE) --no-print-directory -j2 SAN=1 all units
	@tests/run test build/san

# Which lines the tests reach: a table, and build/cov/unreached.
coverage: deps-test
	@$(MAKE) --no-print-directory -j2 COV=1 all units
	@tests/run coverage build/cov

# The generators of clients that tests/clients tries; npm fetches them once, and nothing of theirs is run at that.
clients: build/clients/.made

build/clients/.made: tests/clients/package.json tests/clients/package-lock.json
	@mkdir -p $(@D)
	cp $^ $(@D)/
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

# A million operations of many clients against the model; it takes a while.
soak: deps-test
	@$(MAKE) --no-print-directory all
	HISTORY_OPS=1000000 HISTORY_SEEDS=100 DAYBOOK_BUILD=$(B) /usr/bin/python3 -m pytest -q -p no:cacheprovider -k "history or order" \
		tests/e2e/test_oversell.py tests/e2e/test_limit_histories.py

# Every system call of each request and command fails once, and some of their allocations; about half an hour.
faults: deps-test
	@$(MAKE) --no-print-directory -j2 all units
	@tests/faults/run build

# Pictures of the demo for README.md.
screenshots: deps-screenshots all
	DAYBOOK_BUILD=$(B) /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/browser/screenshots.py

# Every reply, command and row of this build against a recording of another: `tests/replies/run record BUILD FILE` made
# BASE.  What differs only in sentences for people is counted and fails nothing; TEXTS=1 shows it.
replies: all
	@[ -n "$(BASE)" ] || { echo "make replies BASE=FILE: a recording to compare with; tests/replies/run record BUILD FILE makes one"; exit 2; }
	@tests/replies/run record "$(B)" "$(B)/replies.json"
	@tests/replies/run compare "$(BASE)" "$(B)/replies.json" $(if $(TEXTS),--texts)

lint:
	@tests/lint

# All of it, or PARTS="constant peers": `tests/bench/run --help` lists them.
ROUNDS = 7
bench: deps-bench all $(BENCH) $(FIXED)
	@tests/bench/run "$(B)" --rounds "$(ROUNDS)" $(PARTS)

# The library of the peer in Node; without it `make bench` says that the peer is missing.
build/bench/node/.made: tests/bench/peers/node/package.json tests/bench/peers/node/package-lock.json
	@mkdir -p $(@D)
	cp $^ $(@D)/
	cd $(@D) && npm ci --omit=dev --nodedir=/usr --no-audit --no-fund --loglevel=error >npm.log 2>&1 && touch .made || \
		echo "npm could not build better-sqlite3, see build/bench/node/npm.log. \`make bench\` leaves Node out."

# Each target for FUZZ_SECONDS, under ASan and UBSan; one that finds something does not keep the others from running.
FUZZ_SECONDS = 60
FUZZ = $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/*.c))

build/fuzz/%: tests/fuzz/%.c $(wildcard src/*/*.[ch]) $(GENERATED:%=build/%.c)
	@mkdir -p $(@D)
	clang -std=c11 -D_GNU_SOURCE -iquote src -g -O1 -fvisibility=hidden -fsanitize=fuzzer$(comma)address$(comma)undefined \
		$(shell $(PKG_CONFIG) --cflags libcjson libjwt) -o $@ $< $(filter-out src/http/serve%.c,$(wildcard src/*/*.c)) \
		$(GENERATED:%=build/%.c) -lsqlite3 -lcjson -ljwt -lcrypto -lm

fuzz: deps-fuzz $(FUZZ)
	@passed=0 failed=0; for f in $(FUZZ); do mkdir -p $$f.corpus; \
		if $$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 $$f.corpus >$$f.log 2>&1; then \
			passed=$$((passed + 1)); echo "$$f: $$(tail -1 $$f.log)"; \
		else failed=$$((failed + 1)); echo "$$f: FAILED"; tail -60 $$f.log; fi; done; \
	echo "$$passed passed, $$failed failed"; [ $$failed = 0 ]

# ---- Giving it away
dist:
	git archive --prefix=daybook-$(VERSION)/ -o build/daybook-$(VERSION).tar.gz HEAD
	@echo build/daybook-$(VERSION).tar.gz

# The files of a release in build/release: sources with the browser library, package, zip, SHA-256 sums; SIGN_KEY= signs them.
dist-release: deps-release
	@system/release "$(VERSION)" "$(SIGN_KEY)"

# A zip for a host with FTP and a browser only: hosting/INSTALL.txt.
dist-hosting: deps-hosting
	@$(MAKE) --no-print-directory -j2 HOSTING=1 hosting-zip

# Where an installed system has its parts; system/install does it.
PREFIX = /usr/local
SYSCONFDIR = /etc
UNITDIR = $(PREFIX)/lib/systemd/system
MANDIR = $(PREFIX)/share/man
WEB_GROUP = www-data
PLACES = DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" UNITDIR="$(UNITDIR)" MANDIR="$(MANDIR)" \
	WEB_GROUP="$(WEB_GROUP)"
install: all
	@$(PLACES) system/install "$(B)"

uninstall:
	@$(PLACES) system/install --remove

# A Debian package, from what is committed: build/daybook_VERSION_ARCH.deb.
deb: deps-deb
	@debian/build "$(VERSION)"

# The package in a fresh Debian with systemd, Apache, lighttpd and nginx; as root, with a network, some minutes.
test-deb: deps-test-deb
	@tests/deb/run

# Every target on a bare Debian 12 and a bare 13; as root, with a network, long.  CASES="run deb": those of tests/fresh/run alone.
test-fresh: deps-test-fresh
	@tests/fresh/run $(CASES)

clean:
	rm -rf build

-include $(wildcard $(B)/src/*/*.d $(B)/cli/*.d $(B)/cgi-bin/*.d $(B)/cgi-bin/*/*.d $(B)/main/*.d $(B)/main/*/*.d $(B)/tests/*/*.d)
