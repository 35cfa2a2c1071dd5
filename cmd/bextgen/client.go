// A client of the HTTP surface that docs/http.md describes.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tmaxmax/go-sse"
)

// client asks one place.
type client struct {
	base  string // with the prefix
	token string
	http  *http.Client
	io.Closer
}

// request makes a request; path begins with /.
func (c *client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("make the request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	return r, nil
}

// ask sends a request and returns the JSON of its answer.
func (c *client) ask(ctx context.Context, method, path string, query url.Values, body any) (json.RawMessage, error) {
	r, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return nil, refusal(answer, text)
	}
	return text, nil
}

func (c *client) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &problem{fmt.Sprintf("%s does not answer: %v", c.base, errors.Unwrap(err))}
}

// refusal is an answer that says no, in the words of the server (RFC 9457).
func refusal(answer *http.Response, text []byte) error {
	var p struct{ Title, Detail string }
	switch err := json.Unmarshal(text, &p); {
	case err != nil || p.Title == "" && p.Detail == "":
		return &problem{fmt.Sprintf("the server says %s; is --url the address of a bextgen server?", answer.Status)}
	case answer.StatusCode == http.StatusUnauthorized:
		return &problem{"the server wants to know who asks: give it --token, or set BEXTGEN_TOKEN"}
	case strings.HasPrefix(p.Detail, "there is no such run") && runAt(answer.Request.URL.Path) != "":
		return &problem{fmt.Sprintf("there is no run %s; bextgen runs list has the whole ids of those that there are", runAt(answer.Request.URL.Path))}
	case p.Detail == "":
		return &problem{p.Title}
	}
	return &problem{p.Detail}
}

// runAt is the run that a path is of; empty for other paths.
func runAt(path string) string {
	_, rest, _ := strings.Cut(path, "/flows/")
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// events calls each for every event of a stream, and connects again when the connection is
// lost. It ends with the context, or when each says that it has seen enough.
func (c *client) events(ctx context.Context, path string, query url.Values, each func(sse.Event) (enough bool)) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	r, err := c.request(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	done := false
	var refused error
	stream := &sse.Client{
		HTTPClient: c.http,
		Backoff:    sse.Backoff{InitialInterval: time.Second, Multiplier: 1.5, MaxInterval: 30 * time.Second},
		ResponseValidator: func(answer *http.Response) error {
			switch answer.StatusCode {
			case http.StatusOK:
				return nil
			case http.StatusNoContent: // all was seen
				done = true
				end()
				return io.EOF
			}
			text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
			refused = errors.Join(refusal(answer, text), err)
			end()
			return refused
		},
	}
	connection := stream.NewConnection(r)
	connection.SubscribeToAll(func(e sse.Event) {
		if !done && each(e) {
			done = true
			end()
		}
	})
	if err := connection.Connect(); err != nil && !done && refused == nil && ctx.Err() == nil {
		return c.unreachable(err)
	}
	return refused
}
