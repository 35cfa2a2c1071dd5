package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file is bearer tokens. Programs send theirs with each request. A browser cannot,
// least of all with an EventSource: it logs in once, with a form, and gets a cookie.

// Bearer is a token (RFC 6750) and whose it is.
type Bearer struct {
	Token     string
	Principal Principal
}

// WithBearer lets in who has one of these tokens. It belongs behind TLS.
func WithBearer(tokens ...Bearer) Option {
	return func(o *options) {
		o.auth = bearerAuth{tokens: slices.Clone(tokens), now: func() time.Time { return o.now() }}
	}
}

type bearerAuth struct {
	tokens []Bearer
	now    func() time.Time
}

const (
	// cookieName has the prefix that keeps other hosts of the domain from setting it, where there is TLS.
	cookieName       = "bext_session"
	secureCookieName = "__Host-" + cookieName
	// cookieLife is how long a browser is logged in.
	cookieLife = 12 * time.Hour
)

func (b bearerAuth) who(r *http.Request) (Principal, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Principal{}, errNobody
		}
		return b.ofToken(strings.TrimSpace(token))
	}
	for _, name := range []string{secureCookieName, cookieName} {
		if cookie, err := r.Cookie(name); err == nil {
			if p, err := b.ofCookie(cookie.Value); err == nil {
				return p, nil
			}
		}
	}
	return Principal{}, errNobody
}

func (bearerAuth) challenge() string { return `Bearer realm="bextgen"` }

func (b bearerAuth) ofToken(token string) (Principal, error) {
	for _, t := range b.tokens {
		if same(t.Token, token) && t.Token != "" {
			return t.Principal, nil
		}
	}
	return Principal{}, errNobody
}

// ofCookie is the principal of a cookie that was made with one of the tokens and is not over.
func (b bearerAuth) ofCookie(value string) (Principal, error) {
	until, _, ok := strings.Cut(value, ".")
	ms, err := strconv.ParseInt(until, 10, 64)
	if !ok || err != nil || !b.now().Before(time.UnixMilli(ms)) {
		return Principal{}, errNobody
	}
	for _, t := range b.tokens {
		if t.Token != "" && hmac.Equal([]byte(sealed(t.Token, ms)), []byte(value)) {
			return t.Principal, nil
		}
	}
	return Principal{}, errNobody
}

// sealed is the value of a cookie: until when it is good, and a seal that only who has
// the token can make. The token is not in it.
func sealed(token string, until int64) string {
	text := strconv.FormatInt(until, 10)
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("bextgen session until " + text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// cookie is what a browser gets that logged in with a token or, with an empty one, out.
func (b bearerAuth) cookie(r *http.Request, prefix, token string) *http.Cookie {
	c := &http.Cookie{Name: cookieName, Path: prefix, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: -1}
	if r.TLS != nil {
		c.Name, c.Path, c.Secure = secureCookieName, "/", true
	}
	if token != "" {
		until := b.now().Add(cookieLife)
		c.Value, c.MaxAge = sealed(token, until.UnixMilli()), int(cookieLife/time.Second)
	}
	return c
}
