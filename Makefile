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

PKGS := gnutls libtasn1 liburing libconfig jansson
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lunistring

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
LOOP_SRC  := $(call src,gateway/loop/*.c)
STORE_SRC := $(call src,gateway/store/*.c)
FSA_SRC   := $(call src,gateway/fsa/*.c)
GW_SRC    := $(filter-out gateway/main.c,$(call src,gateway/*.c))
TEST_SRC  := $(call src,tests/client/*.c tests/fake/*.c)

LIBS := $(BUILD)/libgw.a $(BUILD)/libfsa.a $(BUILD)/libstore.a \
	$(BUILD)/libloop.a $(BUILD)/libsmb.a

UNITS := $(call src,$(foreach r,smb smb/wire smb/auth smb/rpc smb/cmd fsa store loop gateway,tests/$(r)/test_*.c))
UNIT_BINS := $(patsubst %.c,$(BUILD)/%,$(UNITS))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

.DEFAULT_GOAL := all
.SECONDARY:
.PHONY: all help units clean format

all: $(BUILD)/smbgate

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

$(BUILD)/smbgate: $(call obj,gateway/main.c) $(LIBS)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

define archive
$(BUILD)/lib$(1).a: $(call obj,$(2))
	$$(call say,AR,$$@)rm -f $$@ && ar rcs $$@ $$^
endef
$(eval $(call archive,smb,$(SMB_SRC)))
$(eval $(call archive,loop,$(LOOP_SRC)))
$(eval $(call archive,store,$(STORE_SRC)))
$(eval $(call archive,fsa,$(FSA_SRC)))
$(eval $(call archive,gw,$(GW_SRC)))
$(eval $(call archive,test,$(TEST_SRC)))

# The log is the process's, and all rooms below it may write lines.
LOG_OBJ := $(call obj,gateway/log.c)

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
$(eval $(call unit,loop,$(BUILD)/libloop.a $(LOG_OBJ)))
$(eval $(call unit,store,$(BUILD)/libstore.a $(BUILD)/libloop.a $(LOG_OBJ)))
$(eval $(call unit,fsa,$(BUILD)/libfsa.a $(BUILD)/libstore.a $(BUILD)/libloop.a $(BUILD)/libsmb.a $(LOG_OBJ)))
$(eval $(call unit,gateway,$(TLIB) $(LIBS)))

units: $(UNIT_BINS)

clean:
	rm -rf $(BUILD)

format:
	clang-format -i $$(git ls-files '*.c' '*.h' | grep -v _table.h)

-include $(shell test -d $(BUILD) && find $(BUILD) -name '*.d')
