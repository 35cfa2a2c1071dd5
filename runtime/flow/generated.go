// What generated code and the runtime agree on when they are compiled together.

package flow

// Generated1 is the first contract between generated code and the runtime. A
// generated file names the oldest contract that it compiles against, so that it
// fails to compile, and does not fail later, with a runtime that lacks it: then
// update the runtime in go.mod. A contract that is no longer kept is removed
// from here; then generate the code again.
const Generated1 = true
