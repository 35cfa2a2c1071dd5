//go:build race

package simulation

// defaultSeeds is small: the race detector makes all of this ten times slower.
const defaultSeeds = 150
