package graph

import (
	"strings"
	"unicode"
)

// The sizes of texts in pixels, as in graph.css.
const (
	labelSize  = 13.0
	detailSize = 11.0
	undoInset  = 14 // the sign in front of a compensation
)

// textWidth is about how wide a text is in the fonts of systems, rather too wide.
func textWidth(text string, size float64) int {
	width := 0.0
	for _, r := range text {
		width += runeWidth(r)
	}
	return int(width*size) + 1
}

// runeWidth is about how wide a rune is, as a part of the font's size.
func runeWidth(r rune) float64 {
	switch {
	case strings.ContainsRune("iljtfrI.,:;'|!()[] -", r):
		return 0.36
	case strings.ContainsRune("mwMW@%…—", r):
		return 0.92
	case unicode.IsUpper(r):
		return 0.70
	case r > 0x2e80: // East Asian scripts and signs
		return 1.05
	}
	return 0.58
}

// fit is a text on one line, cut to a width.
func fit(text string, size float64, width int) string {
	text = oneLine(text)
	if textWidth(text, size) <= width {
		return text
	}
	room := float64(width-1)/size - runeWidth('…')
	for i, r := range text {
		if room -= runeWidth(r); room < 0 {
			return strings.TrimRight(text[:i], " ") + "…"
		}
	}
	return text
}

// oneLine is a text without line breaks and without what is not printed, such as what would turn
// the direction of the text around.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
