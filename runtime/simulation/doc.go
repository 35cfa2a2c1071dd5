// Package simulation runs whole systems under random trouble, and holds what happened
// against the rules of docs/semantics.md.
//
// Each seed makes a world: random flows (randomflow), processes that execute them on
// a store in memory, clients that start, signal and cancel, and operators. The clock is virtual
// (testing/synctest); how long everything takes, which writes fail, when a process
// dies and what a handler does is drawn from the seed. So the same seed gives the same
// world again. When all runs are over, rules_test.go checks the history.
//
// See docs/testing.md for how to read a failure. The folder mutants has faults that
// the simulation has to find.
package simulation
