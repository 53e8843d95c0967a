// Moves the wall clock of a component under `jco serve`, so that a test can ask the edge on another day than the token was made:
//
//     NODE_OPTIONS="--require $PWD/tests/edge/clock.js" TERCILE_EDGE_CLOCK=FILE jco serve edge-http.wasm
//
// FILE holds the second since 1970 at which the clock stands, and is read each time somebody asks for the time, so that a test moves
// the clock by writing it. While FILE is empty or absent, time is as it is. The monotonic clock, by which waits are counted, goes on.
"use strict";
const fs = require("node:fs");

const file = process.env.TERCILE_EDGE_CLOCK;
const real = Date.now;

function stands() {
    try {
        return fs.readFileSync(file, "utf8").trim();
    } catch (error) {
        if (error.code === "ENOENT") return "";
        throw error;
    }
}

if (file) {
    // The host's wall clock is this function (jco 1.35, preview2-shim's clocks.js).
    Date.now = () => {
        const second = stands();
        return second === "" ? real() : Number(second) * 1000;
    };
}
