package flow

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// This file is how large a value may be that is stored. A value that is too large is
// refused, and the failure of the block that made it; the texts of errors are cut.

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

// How many bytes of an error's text are kept, and of the stack of a panic.
const (
	MaxMessage = 8 << 10
	MaxStack   = 32 << 10
)

// Shortened is the beginning of a text, in UTF-8, that has at most so many bytes.
func Shortened(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	end := limit
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// CutText is a text for people of which at most so many bytes are kept: it says so
// itself if there were more.
func CutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := fmt.Sprintf("… (cut: it had %d bytes)", len(text))
	return Shortened(text, limit-len(cut)) + cut
}

// bounded is an error as it is stored: with as much of its texts as is kept, and
// without the fields of a declared error if they are too large.
func (r *Run) bounded(e *Error) *Error {
	if e == nil {
		return nil
	}
	fields := CheckSize("the fields of the error "+e.Name, len(e.Fields), r.maxPayload)
	if fields == nil && len(e.Message) <= MaxMessage && len(e.Stack) <= MaxStack && len(e.Name) <= MaxMessage {
		return e
	}
	short := *e
	if fields != nil {
		short.Fields = nil
		short.Message = CutText(e.Message, MaxMessage/2) + " (without its fields: " + CutText(fields.Error(), MaxMessage/4) + ")"
	}
	short.Message, short.Stack = CutText(short.Message, MaxMessage), CutText(e.Stack, MaxStack)
	short.Name = Shortened(e.Name, MaxMessage)
	return &short
}

// Bounded is the end of an attempt as the run takes it: a result that is too large to
// be stored is a failure for good. A driver whose handler works in a transaction asks
// before it commits that.
func (r *Run) Bounded(o Ended) Ended {
	if o.Err != nil {
		return o
	}
	if err := r.checkSize("the result of the step", o.Output); err != nil {
		o.Output, o.Err = nil, &Error{Kind: ErrorPayload, Permanent: true, Message: err.Error()}
	}
	return o
}

// checkSize is a *SizeError for a stored value that is too large for the run.
func (r *Run) checkSize(what string, raw json.RawMessage) error {
	return CheckSize(what, len(raw), r.maxPayload)
}

// fits says whether a value that was computed may be stored; else the walk has failed.
func (p *Plan) fits(what string, raw json.RawMessage) bool {
	err := p.run.checkSize(what, raw)
	if err != nil {
		p.fail(ErrorPayload, err.Error())
	}
	return err == nil
}
