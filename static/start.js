// SPDX-License-Identifier: GPL-2.0-only
// Starts the program: in the window and in each worker. All else is Rust, in web/.
import start from "./kabiscope-web.js";

await start();
