package flow

import "fmt"

// This file is how large a value may be that is stored.

// SizeError says that a value is too large to be stored.
type SizeError struct {
	// What the value is: "the checkpoint".
	What string
	// Size and Limit are in bytes of JSON.
	Size, Limit int
}

// Error says what is too large, and what can be done.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s has %d bytes as JSON, and may have %d; store it elsewhere and hand on where it is", e.What, e.Size, e.Limit)
}

// CheckSize is a *SizeError for a value that has more bytes than the limit; 0 is no limit.
func CheckSize(what string, size, limit int) error {
	if limit <= 0 || size <= limit {
		return nil
	}
	return &SizeError{What: what, Size: size, Limit: limit}
}
