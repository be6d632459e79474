# SPDX-License-Identifier: GPL-2.0
# Entry points; each only names what does the work.

KDIR ?= /lib/modules/$(shell uname -r)/build

# make check ONLY=PATTERN: the tests whose names match.
RUN := selftests/run $(if $(ONLY),--only '$(ONLY)')

all:
	tools/lab/module stock
	tools/lab/tool

demo:
	tools/lab/setup packages stock
	tools/demo

check: lab
	$(RUN)

check-fast: lab
	$(RUN) --fast

check-long: lab
	tools/lab/setup kcsan
	$(RUN) --long

lab:
	tools/lab/setup packages stock debug

unit:
	$(MAKE) -C selftests/unit
	$(MAKE) -C selftests/cli check

# In all, shared by the targets; FUZZ_TARGETS="ring req": only some of them.
FUZZ_SECONDS ?= 60
fuzz:
	selftests/fuzz/run.sh --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

coverage:
	selftests/fuzz/run.sh --cover

# make bench BENCH=guard: one part; ROUNDS=N and ARMS="NAME..." as tools/bench/run says.
bench:
	tools/lab/setup packages stock
	tools/bench/run $(BENCH)

lint:
	selftests/lint/lint.sh

# A real host: no objects in the source tree here either.
INSTALL := $(CURDIR)/build/install
INSTALL_MAKE = $(MAKE) -C $(KDIR) M=$(INSTALL)/drivers/vdpa/nvme \
	CONFIG_VDPA_NVME=m

install: install-tool
	mkdir -p $(INSTALL)
	cp -a --parents drivers/vdpa/nvme include/uapi $(INSTALL)
	$(INSTALL_MAKE) modules
	$(INSTALL_MAKE) modules_install
	depmod "$$($(MAKE) -s -C $(KDIR) kernelrelease)"

# DESTDIR and PREFIX (/usr/local) are those of everybody.
install-tool:
	$(MAKE) -C tools/nvdpa O=$(CURDIR)/build install

clean:
	rm -rf build

help:
	@echo 'all         the module, for the lab'"'"'s stock kernel, and the tool (default)'
	@echo 'demo        installs what it needs, boots the lab, shows the main job'
	@echo 'check       all tests; ONLY=PATTERN: those whose names match'
	@echo 'check-fast  the tests for every edit'
	@echo 'check-long  all tests, at nightly sizes'
	@echo 'unit        tests that need neither root nor the lab'
	@echo 'fuzz        pure/ and path/ under fuzzers, for FUZZ_SECONDS in all'
	@echo 'coverage    lines and branches that unit tests and corpora reach'
	@echo 'bench       ours and the others, in instructions and in time; BENCH=PART'
	@echo 'lint        static checks'
	@echo 'install     the module into the running kernel'"'"'s tree, or that of KDIR; the tool'
	@echo 'install-tool  only the tool, its man pages and completion (DESTDIR, PREFIX)'
	@echo 'clean       removes build/'

.PHONY: all demo check check-fast check-long lab unit fuzz coverage bench lint install \
	install-tool clean help
