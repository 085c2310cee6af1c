# SPDX-License-Identifier: GPL-2.0-only
#
# Lets another gendwarfksyms compute the symbol versions of a kernel whose Kbuild cannot be told so:
#
#   make MAKEFILES=/path/to/gendwarfksyms.mk GENDWARFKSYMS=/path/to/gendwarfksyms
#
# make reads this file before each of Kbuild's. In the one folder where Kbuild builds its own tool, the named one is copied
# to where that would be; so C, assembly and Rust objects, and external modules, all find it, and libdw is not needed.

ifeq ($(obj),scripts/gendwarfksyms)

GENDWARFKSYMS ?= gendwarfksyms

# A program without parts of its own, that is made from gendwarfksyms.c by one command: this one. What it leaves for
# fixdep has Kbuild copy again when another program is named, or the named one is newer.
override gendwarfksyms-objs :=
override quiet_cmd_host-csingle = COPY    $@
override cmd_host-csingle = tool=$$(command -v '$(GENDWARFKSYMS)') && cp -f "$$tool" $@ && echo "$@: $< $$tool" > $(depfile)

endif
