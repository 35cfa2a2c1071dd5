package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseVersion reads a flow's version, major.minor.
func ParseVersion(version string) (major, minor int, err error) {
	first, second, ok := strings.Cut(version, ".")
	if ok {
		major, err = parseNumber(first)
	}
	if ok && err == nil {
		minor, err = parseNumber(second)
	}
	if !ok || err != nil {
		return 0, 0, fmt.Errorf("the version %q is not of the form major.minor", version)
	}
	return major, minor, nil
}

// SameMajor says whether two versions are of the same major one; what is no version is of any.
func SameMajor(a, b string) bool {
	x, _, errA := ParseVersion(a)
	y, _, errB := ParseVersion(b)
	return x == y || errA != nil || errB != nil
}

// parseNumber reads a part of a version: a store keeps it in 32 bits.
func parseNumber(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}
