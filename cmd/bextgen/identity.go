// Which program this is: what tells it from every other build of bextgen.

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
)

// buildID is how the go command marks a program: with hashes of all that it was built from, and of
// the program itself. One that somebody has set to a word of their own is not of this form.
var buildID = regexp.MustCompile(`(?:Go build ID: "|Go\x00\x00)([\w-]{20}(?:/[\w-]{20}){3})["\x00]`)

// identify tells the program that runs from all others.
func identify() (string, error) {
	file, err := openProgram()
	if err != nil {
		return "", fmt.Errorf("looking at the program that runs: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	return identityOf(file)
}

// openProgram opens the file of the program that runs.
func openProgram() (*os.File, error) {
	if runtime.GOOS == "linux" {
		return os.Open("/proc/self/exe") // also if another program has its path by now
	}
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// identityOf is the build ID of a program; where it has none, the hash of all its bytes, which
// takes as long as compiling a small package.
func identityOf(program io.Reader) (string, error) {
	const headLength = 64 << 10 // the mark is at the beginning
	head, err := io.ReadAll(io.LimitReader(program, headLength))
	if err != nil {
		return "", fmt.Errorf("reading the program that runs: %w", err)
	}
	if len(head) == 0 {
		return "", errors.New("the file of the program that runs is empty")
	}
	if found := buildID.FindSubmatch(head); found != nil {
		return "build " + string(found[1]), nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.MultiReader(bytes.NewReader(head), program)); err != nil {
		return "", fmt.Errorf("reading the program that runs: %w", err)
	}
	return fmt.Sprintf("sha256 %x", hash.Sum(nil)), nil
}
