//go:build race

package encrypted_test

// raced says that the race detector is there, which makes SQLite many times slower.
const raced = true
