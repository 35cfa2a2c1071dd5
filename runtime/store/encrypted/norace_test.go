//go:build !race

package encrypted_test

const raced = false
