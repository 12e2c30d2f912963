# Part of the Makefile: `make HOSTING=1` builds into build/hosting, linked statically, for hosts with other libraries.  All
# programs are one file, libexec/daybook; each program in cgi-bin/ and bin/ starts it under its own name.

# The libraries that Debian does not build statically, from its sources.  (We have a json_string too.)
STATIC_LIBS = $(B)/libcjson.a $(B)/libjwt.a $(B)/libjansson.a
FROM = build/hosting/sources
MUSL_CC = musl-gcc
ARCH = $(shell dpkg --print-architecture)
THEIR_CFLAGS = -O2 -fPIE $(HARDENING) -DHAVE_CONFIG_H -Djson_string=jansson_string \
	-I$(B)/include -I$(FROM)/libjwt/libjwt -I$(FROM)/jansson/src

$(FROM)/libjwt/include/jwt.h: hosting/fetch
	hosting/fetch $(FROM)
	touch $@

ifdef HOSTING
ALL_NAMES = $(NAMES) daybook
MAINS = $(foreach n,$(NAMES),$(patsubst cgi-bin/%.c,$(B)/main/%.o,$(call program_sources,$(n)))) $(B)/main/daybook.o $(filter-out %/main.o,$(CLI_OBJ))
main_of = main_$(subst -,_,$(1))

$(LIB_OBJ) $(MAINS): | $(B)/include/jwt.h

$(B)/main/%.o: cgi-bin/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -Dmain=$(call main_of,$(firstword $(subst /, ,$*))) -MMD -MP -c -o $@ $<

$(B)/main/daybook.o: cli/main.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -Dmain=$(call main_of,daybook) -MMD -MP -c -o $@ $<

# A line for each program, for the table in hosting/programs.c.
$(B)/programs.h: $(wildcard cgi-bin/*.c cgi-bin/*/*.c) Makefile
	@mkdir -p $(@D)
	for n in $(foreach n,$(ALL_NAMES),$(call main_of,$(n)):$(n)); do echo "PROGRAM($${n%:*}, \"$${n#*:}\")"; done > $@

$(B)/libexec/daybook: hosting/programs.c $(B)/programs.h $(MAINS) $(B)/libdaybook.a $(STATIC_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -I$(B) $(ALL_LDFLAGS) -o $@ $< $(MAINS) $(LIBS) -lfcgi -lcsv -lz >$(B)/link.log 2>&1 || { cat $(B)/link.log; exit 1; }
	! grep -vE "in function|Using '(dlopen|getaddrinfo|gethostbyname)'" $(B)/link.log	# which are never called

$(PROGRAMS) $(COMMAND): hosting/launch.c $(B)/libexec/daybook
	@mkdir -p $(@D)
	$(MUSL_CC) -static -s -Os -Wall $(filter-out -D_FORTIFY_SOURCE=%,$(HARDENING)) -o $@ $<

$(B)/include/jwt.h: $(FROM)/libjwt/include/jwt.h hosting/base64.h hosting/jansson_config.h
	@mkdir -p $(@D)/cjson
	cp hosting/*.h $(@D)/
	: >$(@D)/config.h
	cp $(FROM)/cjson/cJSON.h $(@D)/cjson/
	cp $(FROM)/jansson/src/jansson.h $< $(@D)/

# archive FILES: compiles them into a library.
define archive
	rm -rf $@.d $@ && mkdir $@.d
	for c in $(1); do $(CC) $(THEIR_CFLAGS) -w -c -o $@.d/$$(basename $$c .c).o $$c || exit 1; done
	$(AR) rcs $@ $@.d/*.o
endef

$(B)/libcjson.a: $(B)/include/jwt.h Makefile
	$(call archive,$(FROM)/cjson/cJSON.c)
$(B)/libjansson.a: $(B)/include/jwt.h Makefile
	$(call archive,$(FROM)/jansson/src/*.c)
$(B)/libjwt.a: $(B)/include/jwt.h Makefile
	$(call archive,$(FROM)/libjwt/libjwt/jwt.c $(FROM)/libjwt/libjwt/jwt-openssl.c)
endif

hosting-zip: all
	hosting/pack $(B) $(FROM) $(B)/httpd-conf/htaccess $(B)/htdocs $(ARCH) \
		build/daybook-hosting-$(VERSION)-$(ARCH).zip
