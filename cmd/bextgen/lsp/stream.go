package lsp

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/sourcegraph/jsonrpc2"
)

// maxMessage bounds a message in bytes: many times what a flow file may have.
const maxMessage = 16 << 20

// stream is messages with a Content-Length, over two pipes. What is no message is answered with an
// error and passed over, so that it ends nothing.
type stream struct {
	in    *bufio.Reader
	close func() error
	over  bool          // set between two messages: there are no more to read
	ended chan struct{} // closed when nothing will be read any more

	mu  sync.Mutex // of out
	out io.Writer
}

// ReadObject reads the next message into a value. After an error it is not called again.
func (s *stream) ReadObject(v any) (err error) {
	defer func() {
		if err != nil {
			close(s.ended)
		}
	}()
	for {
		if s.over {
			return io.EOF
		}
		body, err := s.body()
		if err != nil {
			return err
		}
		reflect.ValueOf(v).Elem().SetZero() // a part of a bad message may be in it
		if err = json.Unmarshal(body, v); err == nil {
			return nil
		}
		code := jsonrpc2.CodeInvalidRequest
		if !json.Valid(body) {
			code = jsonrpc2.CodeParseError
		}
		err = s.WriteObject(map[string]any{
			"jsonrpc": "2.0", "id": nil, "error": jsonrpc2.Error{Code: int64(code), Message: err.Error()},
		})
		if err != nil {
			return err
		}
	}
}

// body is the bytes of the next message. Lines before it that are no header are passed over, and so is
// a message that is too large.
func (s *stream) body() ([]byte, error) {
	length := -1
	for {
		line, err := s.line()
		if err != nil {
			return nil, err
		}
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			length = contentLength(value)
			continue
		}
		if line != "" || length < 0 {
			continue
		}
		if length <= maxMessage {
			body := make([]byte, length)
			_, err := io.ReadFull(s.in, body)
			return body, err
		}
		if _, err := io.CopyN(io.Discard, s.in, int64(length)); err != nil {
			return nil, err
		}
		length = -1
	}
}

// contentLength is -1 for what is no length.
func contentLength(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// line is the next line without its end. Of one that is too long for a header, it is a part.
func (s *stream) line() (string, error) {
	line, err := s.in.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// WriteObject writes a message.
func (s *stream) WriteObject(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = fmt.Fprintf(s.out, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return err
}

// Close ends reading.
func (s *stream) Close() error { return s.close() }
