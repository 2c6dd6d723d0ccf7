"""The embedded model's tokenizer: a Unigram model behind SentencePiece's normaliser."""

import sys
import unicodedata
from itertools import groupby

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from index.embedded_model.charsmap import compile_charsmap
from index.embedded_model.packed_weights import PackedWeights

BOS, PAD, EOS, UNK, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"
_BREAK = "\x01"


def build_tokenizer(weights: PackedWeights) -> Tokenizer:
    """Build the tokenizer of the packed weights.

    The normaliser applies the file's own table of replacements (SentencePiece's `nmt_nfkc`), character
    by character. NFKC of `tokenizers` would differ from it: it composes and knows newer characters, and
    maps the full-width tilde, which is common in Korean and Japanese news, while the table keeps it.
    """
    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=weights.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(compile_charsmap(_grapheme_breaks())),
            normalizers.Precompiled(compile_charsmap(weights.replacements)),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(prepend_scheme="always"),
            # Unknown characters in a row stay a token each, as in the engine whose weights these are; a Unigram model
            # of `tokenizers` would make one of them. No piece contains such a character, so nothing else changes.
            pre_tokenizers.Split(Regex(_outside(weights.pieces)), behavior="isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}",
        pair=f"{BOS} $A {EOS} {EOS} $B {EOS}",
        special_tokens=[(BOS, weights.bos), (EOS, weights.eos)],
    )
    return tokenizer


def _outside(pieces: list[tuple[str, float]]) -> str:
    """A regular expression for a character that is in no piece."""
    known = sorted({ord(character) for piece, _ in pieces for character in piece})
    # Neighbours have the same difference of number and rank, so that runs of them become ranges.
    runs = (list(run) for _, run in groupby(enumerate(known), lambda ranked: ranked[1] - ranked[0]))
    return "[^" + "".join(rf"\x{{{run[0][1]:x}}}-\x{{{run[-1][1]:x}}}" for run in runs) + "]"


def _grapheme_breaks() -> dict[str, str]:
    """Put a control character before every mark, so that the next normaliser sees it alone.

    `Precompiled` looks a whole grapheme up when it is under six bytes, takes the first key that begins
    it and drops the rest: of a ligature with an accent only the ligature would be left. A control
    character always ends a grapheme, and the table of replacements removes it again.
    """
    characters = map(chr, range(sys.maxunicode + 1))
    return {character: _BREAK + character for character in characters if _joins(character)}


def _joins(character: str) -> bool:
    """Whether a character extends the grapheme before it (UAX 29), as marks and joiners do."""
    return unicodedata.category(character)[0] == "M" or character in "\u200c\u200d\uff9e\uff9f"
