package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// This file is how a handler finds out who sends a request.

// ErrForbidden, in what a check returns, says that it is known who sends a request, or does
// not matter, and that they may not use the handler at all: 403 in place of 401.
var ErrForbidden = errors.New("you may not use this")

// authenticator is one way to find that out.
type authenticator interface {
	// who is the principal of a request, or why there is none. Nothing of the error
	// is told to the client.
	who(r *http.Request) (Principal, error)
	// challenge is the WWW-Authenticate of a 401; empty for none.
	challenge() string
}

// WithAuth has the program's own check say who sends a request. An error refuses it, with
// 401 or, for one that wraps ErrForbidden, 403.
func WithAuth(check func(*http.Request) (Principal, error)) Option {
	return func(o *options) {
		if check != nil {
			o.auth = ownCheck(check)
		}
	}
}

type ownCheck func(*http.Request) (Principal, error)

func (c ownCheck) who(r *http.Request) (Principal, error) { return c(r) }
func (ownCheck) challenge() string                        { return "" }

// errNobody says that a request has nothing that tells who sends it, or what is wrong.
var errNobody = errors.New("the request does not say who sends it, or the secret is wrong")

// Basic is somebody who logs in with a name and a password, which is also the Name of
// their principal if that has none.
type Basic struct {
	Name, Password string
	Principal      Principal
}

// WithBasic lets in who gives one of these names and passwords (RFC 7617). It belongs
// behind TLS.
func WithBasic(users ...Basic) Option {
	return func(o *options) { o.auth = basicAuth(slices.Clone(users)) }
}

type basicAuth []Basic

func (users basicAuth) who(r *http.Request) (Principal, error) {
	name, password, ok := r.BasicAuth()
	if !ok {
		return Principal{}, errNobody
	}
	for _, u := range users {
		if same(u.Name, name) && same(u.Password, password) && u.Password != "" {
			if u.Principal.Name == "" {
				u.Principal.Name = u.Name
			}
			return u.Principal, nil
		}
	}
	return Principal{}, errNobody
}

func (basicAuth) challenge() string { return `Basic realm="bextgen", charset="UTF-8"` }

// same compares secrets in a time that tells nothing of them, not even their length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// LoopbackOnly lets everybody on this machine do everything, for development. Behind a
// proxy on the same machine everybody would be on it: requests that were forwarded are refused, and so
// are those for another host, which a page of another site could have sent by a trick with names.
func LoopbackOnly() Option {
	return func(o *options) { o.auth = loopback{} }
}

type loopback struct{}

// forwarded are the headers that proxies add.
var forwarded = []string{
	"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server",
	"X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "Fly-Client-Ip",
}

func (loopback) who(r *http.Request) (Principal, error) {
	for _, header := range forwarded {
		if r.Header.Values(header) != nil {
			return Principal{}, fmt.Errorf("%w: the request was forwarded (%s)", ErrForbidden, header)
		}
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return Principal{}, fmt.Errorf("%w: the request comes from %s", ErrForbidden, r.RemoteAddr)
	}
	if !isLoopbackHost(r.Host) {
		return Principal{}, fmt.Errorf("%w: the request is for the host %s", ErrForbidden, r.Host)
	}
	return Operator("local"), nil
}

func (loopback) challenge() string { return "" }

// isLoopbackHost says whether a Host names this machine to itself.
func isLoopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback()
}
