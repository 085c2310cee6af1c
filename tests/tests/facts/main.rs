// SPDX-License-Identifier: GPL-2.0-only
//! What kernel files say without DWARF: every layout that tables of exports ever had, damaged ones, and a real kernel.

mod damage;
mod handmade;
mod layouts;
mod modules;
mod objects;
mod real;
