package encrypted

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// This file is the form in which a sealed payload is stored: text, since databases keep
// payloads as text. Every payload is JSON, and the form is none, so neither is
// taken for the other.

// prefix begins all that is sealed; the key's id follows and, behind a colon, the bytes in base 64.
const prefix = "bextgen:1:"

// keyIDs is what the id of a key may be.
var keyIDs = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// box seals payloads and opens them; without a codec it seals none.
type box struct{ codec Codec }

// seal is the stored form of a payload; nil stays nil.
func (b box) seal(at Place, plain []byte) (json.RawMessage, error) {
	if plain == nil || b.codec == nil {
		return plain, nil
	}
	keyID, sealed, err := b.codec.Seal(at, plain)
	if err == nil && !keyIDs.MatchString(keyID) {
		err = fmt.Errorf("the id %q of its key is not 1 to 64 letters, digits, dots, dashes and underscores", keyID)
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt the %s: %w", at.What, err)
	}
	text := make([]byte, 0, len(prefix)+len(keyID)+1+base64.RawStdEncoding.EncodedLen(len(sealed)))
	text = append(append(append(text, prefix...), keyID...), ':')
	return base64.RawStdEncoding.AppendEncode(text, sealed), nil
}

// open is the payload of a stored form. What was stored in clear stays as it is.
func (b box) open(at Place, stored []byte) (json.RawMessage, error) {
	if !bytes.HasPrefix(stored, []byte(prefix)) {
		return stored, nil
	}
	keyID, text, _ := strings.Cut(string(stored[len(prefix):]), ":")
	failed := func(err error) (json.RawMessage, error) { return nil, &Error{Place: at, KeyID: keyID, Err: err} }
	if b.codec == nil {
		return failed(fmt.Errorf("%w; give it to the runtime with runtime.WithCodec", ErrNoKey))
	}
	sealed, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil {
		return failed(fmt.Errorf("%w: %w", ErrNotGenuine, err))
	}
	plain, err := b.codec.Open(at, keyID, sealed)
	if err != nil {
		return failed(err)
	}
	if plain == nil {
		plain = []byte{} // it was there, and empty
	}
	return plain, nil
}

// sealText seals a text for people; an empty one stays empty.
func (b box) sealText(at Place, text string) (string, error) {
	if text == "" || b.codec == nil {
		return text, nil
	}
	sealed, err := b.seal(at, []byte(text))
	return string(sealed), err
}

// openText opens a text for people. Without a codec it stays as it is: unlike a payload,
// it can be anything.
func (b box) openText(at Place, text string) (string, error) {
	if b.codec == nil || !strings.HasPrefix(text, prefix) {
		return text, nil
	}
	plain, err := b.open(at, []byte(text))
	return string(plain), err
}
