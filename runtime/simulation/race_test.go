//go:build race

package simulation

// defaultSeeds is small: the race detector makes all of this many times slower.
const defaultSeeds = 500
