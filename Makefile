# smbgate: one Makefile, no recursion. `make run` and `make check` are all that
# a user or a developer needs; `make help` tells the rest.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= gcc
V       ?=
SAN     ?=
WERROR  ?=

VERSION := 0.1.0

# Where the libraries are: make writes it once, installing what is missing
# where it may, and then reads the makefile again.
PKGS := gnutls libtasn1 liburing libconfig jansson
$(BUILD)/flags.mk: packaging/packages.sh
	@mkdir -p $(@D)
	@packaging/packages.sh build
	@echo "PKG_CFLAGS := $$(pkg-config --cflags $(PKGS))" >$@
	@echo "FS_LIBS := $$(pkg-config --libs fuse3)" >>$@
	@echo "PKG_LIBS := $$(pkg-config --libs $(PKGS)) -lunistring" >>$@
	@if printf '#include <intel-ipsec-mb.h>\n' | \
		$(CC) -fsyntax-only -x c - 2>/dev/null; then \
		echo "PKG_CFLAGS += -DSMB_HAS_IPSEC_MB"; \
		echo "PKG_LIBS += -lIPSec_MB"; \
	fi >>$@
ifeq ($(filter clean help format,$(MAKECMDGOALS)),)
include $(BUILD)/flags.mk
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef \
	-Wimplicit-fallthrough -Wno-missing-field-initializers
ifneq ($(WERROR),)
WARN += -Werror
endif

OPT  ?= -O2 -g
HARD := -fstack-protector-strong -fPIE
ifeq ($(SAN),)
HARD += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
else
HARD += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined
endif

CPPFLAGS += -I. -D_GNU_SOURCE -DGW_VERSION='"$(VERSION)"'
CFLAGS   += -std=gnu17 $(OPT) $(WARN) $(HARD) -pthread $(PKG_CFLAGS)
LDFLAGS  += -pie -Wl,-z,relro,-z,now -pthread
ifneq ($(SAN),)
LDFLAGS  += -fsanitize=$(SAN)
endif
LDLIBS   += $(PKG_LIBS)

# ---- rooms ----

src = $(sort $(wildcard $(1)))
obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

SMB_SRC   := $(call src,smb/*.c smb/*/*.c)
# The simulated engine is for tests alone.
SIM_SRC   := gateway/loop/sim.c
LOOP_SRC  := $(filter-out $(SIM_SRC),$(call src,gateway/loop/*.c))
STORE_SRC := $(call src,gateway/store/*.c)
FUSE_SRC  := $(call src,fuse/*.c)
# Filesystems of our own on libfuse: programs, and what they are made of.
FS_MAINS  := $(patsubst %,fuse/fs/%.c,memfs faultfs)
FS_SRC    := $(filter-out $(FS_MAINS),$(call src,fuse/fs/*.c))
FS_BINS   := $(patsubst fuse/fs/%.c,$(BUILD)/smbgate-%,$(FS_MAINS))
FSA_SRC   := $(call src,gateway/fsa/*.c)
GW_SRC    := $(filter-out gateway/main.c,$(call src,gateway/*.c))
FUZZ_SRC  := $(call src,tests/fuzz/fuzz_*.c)
TEST_SRC  := $(call src,tests/client/*.c tests/fake/*.c)

LIBS := $(BUILD)/libgw.a $(BUILD)/libfsa.a $(BUILD)/libstore.a \
	$(BUILD)/libfuse.a $(BUILD)/libloop.a $(BUILD)/libsmb.a

UNITS := $(call src,$(foreach r,smb smb/wire smb/auth smb/rpc smb/cmd fuse fuse/fs fsa store loop gateway model,tests/$(r)/test_*.c))
UNIT_BINS := $(patsubst %.c,$(BUILD)/%,$(UNITS))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

.DEFAULT_GOAL := all
.SECONDARY:
.PHONY: all help model cuts units replays fuzzers fuzz run check conformance bench install clean format

all: $(BUILD)/smbgate $(FS_BINS)

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

$(BUILD)/smbgate: $(call obj,gateway/main.c) $(LIBS)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/smbgate-%: $(BUILD)/fuse/fs/%.o $(BUILD)/libfs.a
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(FS_LIBS)

define archive
$(BUILD)/lib$(1).a: $(call obj,$(2))
	$$(call say,AR,$$@)rm -f $$@ && ar rcs $$@ $$^
endef
$(eval $(call archive,smb,$(SMB_SRC)))
$(eval $(call archive,loop,$(LOOP_SRC)))
$(eval $(call archive,store,$(STORE_SRC)))
$(eval $(call archive,fuse,$(FUSE_SRC)))
$(eval $(call archive,fs,$(FS_SRC)))
$(eval $(call archive,fsa,$(FSA_SRC)))
$(eval $(call archive,gw,$(GW_SRC)))
$(eval $(call archive,test,$(TEST_SRC)))

# The log is the process's, and all rooms below it may write lines.
LOG_OBJ := $(call obj,gateway/log.c)
SIM_OBJ := $(call obj,$(SIM_SRC))

$(BUILD)/%.o: %.c
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# ---- unit tests: each links what its room may see ----

define unit
$(BUILD)/tests/$(1)/test_%: $(BUILD)/tests/$(1)/test_%.o $(2)
	$$(call say,LD,$$@)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS) -lcmocka
endef
TLIB := $(BUILD)/libtest.a
$(eval $(call unit,smb,$(TLIB) $(BUILD)/libsmb.a))
$(eval $(call unit,smb/wire,$(TLIB) $(BUILD)/libsmb.a))
$(eval $(call unit,smb/auth,$(TLIB) $(BUILD)/libsmb.a))
$(eval $(call unit,smb/rpc,$(TLIB) $(BUILD)/libsmb.a))
$(eval $(call unit,smb/cmd,$(TLIB) $(BUILD)/libsmb.a))
$(eval $(call unit,loop,$(SIM_OBJ) $(BUILD)/libloop.a $(LOG_OBJ)))
$(eval $(call unit,fuse,$(BUILD)/libfuse.a))
$(eval $(call unit,fuse/fs,$(BUILD)/libfs.a))
$(BUILD)/tests/fuse/fs/%: LDLIBS += $(FS_LIBS)
$(eval $(call unit,store,$(BUILD)/libstore.a $(BUILD)/libfuse.a $(BUILD)/libloop.a $(LOG_OBJ)))
$(eval $(call unit,fsa,$(BUILD)/libfsa.a $(BUILD)/libstore.a $(BUILD)/libfuse.a $(BUILD)/libloop.a $(BUILD)/libsmb.a $(LOG_OBJ)))
$(eval $(call unit,gateway,$(TLIB) $(SIM_OBJ) $(LIBS)))
MODEL_SRC := $(filter-out tests/model/test_%,$(call src,tests/model/*.c))
$(eval $(call unit,model,$(call obj,$(MODEL_SRC)) $(SIM_OBJ) $(TLIB) $(LIBS)))

# Packages that tests need are installed before the first of them is compiled.
$(BUILD)/.check-packages: packaging/packages.sh
	@mkdir -p $(@D)
	@packaging/packages.sh check
	@touch $@
$(call obj,$(UNITS) $(TEST_SRC) $(MODEL_SRC) $(FUZZ_SRC) tests/fuzz/replay.c): | $(BUILD)/.check-packages

units: $(UNIT_BINS)

$(BUILD)/tests/tools/idle: $(BUILD)/tests/tools/idle.o $(TLIB) $(BUILD)/libsmb.a
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# ---- fuzzing: libFuzzer with clang; the corpus replayed with any compiler ----

FUZZ_LIBS := $(LOG_OBJ) $(BUILD)/libtest.a $(LIBS)

$(BUILD)/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(call obj,tests/fuzz/replay.c) $(FUZZ_LIBS)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
replays: $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/replay_%,$(FUZZ_SRC))

# The targets proper live in a build of their own: everything by clang, with
# coverage counters and sanitizers.
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_LIBS)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
fuzzers: $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(FUZZ_SRC))

## make model [SEED=1] [STEPS=1000000]  the server against its model
SEED ?= 1
STEPS ?= 1000000
model: $(BUILD)/tests/model/test_model
	@SEED=$(SEED) STEPS=$(STEPS) $<

## make cuts [SEED=1] [RUNS=100000]  channels that are cut, late and silent
RUNS ?= 100000
cuts: $(BUILD)/tests/model/test_cuts
	@SEED=$(SEED) RUNS=$(RUNS) $<

## make fuzz [SECONDS=60] [TARGET=frame]  each fuzz target for so long
SECONDS ?= 60
fuzz: | $(BUILD)/.check-packages
	@SECONDS_EACH=$(SECONDS) TARGET=$(TARGET) tests/fuzz/run.sh

# ---- what people type ----

## make run          build, and export a demo tree on port 1445
run: $(BUILD)/smbgate
	@packaging/packages.sh run
	@examples/demo.sh $(BUILD)/smbgate $(BUILD)/demo

## make check        all tests; the last line is «N passed, N failed»
check: | $(BUILD)/.check-packages
	@tests/check.sh

## make conformance  smbtorture, whole: TESTS="smb2.read …" ENGINE=uring|plain SECURITY=plain|sign|seal
conformance: $(BUILD)/smbgate | $(BUILD)/.check-packages
	@SMBGATE=$(abspath $(BUILD)/smbgate) tests/conformance.sh

## make bench        smbgate's cost, beside smbd's where it is installed
bench: $(BUILD)/smbgate $(BUILD)/tests/tools/idle | $(BUILD)/.check-packages
	@SMBGATE=$(abspath $(BUILD)/smbgate) tests/bench.sh

## make install      PREFIX=/usr/local DESTDIR=
install: $(BUILD)/smbgate $(FS_BINS)
	install -D -m 755 $(BUILD)/smbgate $(DESTDIR)$(PREFIX)/bin/smbgate
	install -m 755 $(FS_BINS) $(DESTDIR)$(PREFIX)/bin/
	install -D -m 644 docs/smbgate.8 $(DESTDIR)$(PREFIX)/share/man/man8/smbgate.8
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 docs/*.1
	install -D -m 644 docs/smbgate.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/smbgate.conf.5
	install -D -m 644 examples/smbgate.conf $(DESTDIR)$(PREFIX)/share/doc/smbgate/smbgate.conf
	install -D -m 644 packaging/smbgate.service $(DESTDIR)$(PREFIX)/lib/systemd/system/smbgate.service
	install -D -m 644 packaging/smbgate.socket $(DESTDIR)$(PREFIX)/lib/systemd/system/smbgate.socket

## make clean        removes the build
clean:
	rm -rf $(BUILD)

## make format       clang-format over all of it
format:
	clang-format -i $$(git ls-files '*.c' '*.h' | grep -v _table.h)

-include $(shell test -d $(BUILD) && find $(BUILD) -name '*.d')
