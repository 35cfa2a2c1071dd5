package flow

import (
	"flag"
	"os"
	"testing"
)

// TestMain makes the property tests thorough: they are fast. A -rapid.checks on
// the command line still counts.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "3000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
