package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/web"
)

// A stream does not outlive the cookie with which it was opened.
func TestAStreamEndsWithItsCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt, err := runtime.New(memory.New().Open(), runtime.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		if err := newOrderFlow().register(rt); err != nil {
			t.Fatal(err)
		}
		if err := rt.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer rt.Close(context.Background())
		handler, err := web.Handler(rt, web.WithBearer(web.Bearer{Token: "t0ken", Principal: web.Operator("ops")}))
		if err != nil {
			t.Fatal(err)
		}
		run, err := rt.StartRun(t.Context(), "order", []byte(`{"orderId":"o1","ask":true}`))
		if err != nil {
			t.Fatal(err)
		}
		in := httptest.NewRecorder()
		handler.ServeHTTP(in, httptest.NewRequest(http.MethodPost, "/_bext/login", strings.NewReader("token=t0ken")))

		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/_bext/flows/"+run.ID+"/stream", nil)
		for _, c := range in.Result().Cookies() {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		const life = 12 * time.Hour
		if lasted := time.Since(began); w.Code != http.StatusOK || lasted < life || lasted > life+time.Minute {
			t.Errorf("the stream (%d) lasted for %v, and the cookie for %v", w.Code, lasted, life)
		}
	})
}
