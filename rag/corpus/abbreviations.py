"""Abbreviations by how they end: what decides whether a stop after one ends the sentence.

Punkt's learned lists come on top; these are what news needs and those lists lack or cannot
tell apart. All without the last stop. A word written with a capital here counts only when it
is so in the text: "Rep. Smith" is a title, "the flag was red. He" is not "red."; and what is
an abbreviation in one language is a word in the other ("Det. Rebus", "han vet det. Hon").
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """One language's. `titles`: a name or word follows, never a new sentence. `numbered`: a
    number follows, else it is a word of its own. `either`: may end a sentence or not, and what
    follows decides."""

    titles: frozenset[str]
    numbered: frozenset[str]
    either: frozenset[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SHARED = Abbreviations(
    titles=_words("Mr Mrs Ms Dr dr Prof prof St Ste Mt Fr Gen Col Lt Sgt Capt vs cf Cf"),
    numbered=_words("No Nr nr p pp s S vol Vol kap Kap ca Ca Art Fig fig"),
    either=_words("Inc Corp Co Ltd Bros Jr Sr Esq PLC plc LLC U.S U.K U.N E.U D.C etc al Ph.D"),
)
_ENGLISH = Abbreviations(
    titles=_words(
        """Sen Sens Rep Reps Gov Govs Cpl Maj Cmdr Adm Rev Hon Pres Messrs Mme Mlle Insp Supt
        Atty Amb Sec Det Asst Assoc Ft v viz approx e.g i.e eg ie Gens Cols Lts Profs Drs Supts
        Brig Cdr Pvt Ofc Dir"""
    ),
    numbered=_words(
        """no nos Nos Ch ch Sec sec Sect Para para Op pg pgs Jan Feb Mar Apr Jun Jul Aug Sep Sept
        Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun est circa c Tel tel ext"""
    ),
    either=_words(
        """M.D B.A M.A M.B.A J.D D.D.S U.S.A L.A N.Y a.m p.m A.M P.M B.C A.D Dept Univ Assn Ave
        Blvd Rd Mfg Intl Govt Natl mn bn mln tn min sec hrs ft lbs oz Calif Fla Ill Mass Mich Minn
        Pa Tex Va Wash Wis Ariz Ala Ark Colo Conn Del Ga Ind Kan Ky La Md Mo Mont Neb Nev Okla
        Ore Tenn Vt N.C S.C N.D S.D N.J N.H N.M R.I W.Va N.Y.C S.p.A N.V"""
    ),
)
_SWEDISH = Abbreviations(
    titles=_words(
        """doc docent dir ordf gd hr frk kand lic leg tf t.f f.d fd s.k sk t.ex tex T.ex bl.a Bl.a
        d.v.s dvs fr.o.m t.o.m p.g.a pga P.g.a m.a.o M.a.o med.dr fil.dr jur.kand tekn.dr fil.kand
        ang Ang betr resp ev evtl exkl inkl övers bitr förf st.f i.st.f m.h.a m.t.p å.k f.ö f.n
        obs jfr jmf Jfr fr.a uppl civ.ing civ.ek överstelöjtn kapt"""
    ),
    numbered=_words(
        """kl Kl sid jan feb mar apr jun jul aug sep sept okt nov dec mån tis ons
        tors fre lör sön tel prop Prop skr SFS bet art fig omkr max min"""
    ),
    either=_words(
        """m.m osv o.s.v m.fl o.d o.dyl e.d dyl f.Kr e.Kr F.Kr E.Kr f.m e.m proc tim min sek
        st.l a.a a.s s.a.s c:a d.ä d.y f.v.t e.v.t forts"""
    ),
)
_OTHER = Abbreviations(frozenset(), frozenset(), frozenset())


def abbreviations(language: str) -> Abbreviations:
    """Those of a language together with those that all share."""
    own = {"en": _ENGLISH, "sv": _SWEDISH}.get(language, _OTHER)
    return Abbreviations(
        _SHARED.titles | own.titles,
        _SHARED.numbered | own.numbered,
        _SHARED.either | own.either,
    )


# A capitalised word after an `either` that begins a sentence rather than goes on with a name:
# function words, which are all but never part of one.
STARTERS = _words(
    """the a an it he she they we you i this that these those there here his her its their our
    my in on at by for from to with as but and so if when while after before since although
    though however meanwhile still then yet now not no what who why how where which one two
    some many most several both each all another other according even just last next more
    den det de en ett han hon vi ni man jag dem detta denna dessa där här då nu när men och så
    om i på av för från till med enligt efter före under över vid sedan också samtidigt
    dessutom däremot tidigare varför vad vem hur var hans hennes deras vår våra min mitt
    ingen inget många flera alla några någon ännu redan bara"""
)

# Who says it, after a quotation that ended with its own "?" or "!".
SPEECH_VERBS = (
    r"(?:said|says|asked|asks|wrote|writes|added|adds|told|tells|replied|responded|posted|tweeted"
    r"|cried|shouted|declared|exclaimed|wondered|warned|joked|insisted|recalled|continued)"
)
