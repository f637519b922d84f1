"""Abbreviations by how they end: what decides whether a stop after one ends the sentence.

Lower case, without the last stop. Punkt's learned lists come on top; these are what news needs
and those lists lack or cannot tell apart.
"""

from __future__ import annotations

# A name or a word follows, never a new sentence.
TITLES = frozenset(
    """mr mrs ms dr prof sen rep reps sens gen gov lt col capt sgt cpl maj cmdr adm rev hon pres
    fr st ste mt messrs mme mlle insp supt atty amb sec det vs v cf viz approx eg e.g ie i.e
    doc docent dir ordf gd hr fru frk kand lic leg mag tf t.f f.d fd s.k sk t.ex tex bl.a bla
    d.v.s dvs fr.o.m from t.o.m tom p.g.a pga m.a.o med.dr fil.dr jur.kand tekn.dr ang betr
    resp ev evtl exkl inkl inl red utg övers bitr förf st.f i.st.f m.h.a m.t.p å.k a.a f.ö f.n
    n.b obs jfr jmf ff eng fr.a sk. jul.kand el tillf stf vd.""".split()
) - {"from", "tom", "bla", "fr.a", "el", "vd."}

# A number follows, or it is a word of its own ("No. That is wrong.").
NUMBERED = frozenset(
    """no nos nr art fig figs p pp pg vol ch sec sect para kl ca c s sid kap par mom bil tab
    jan feb mar apr jun jul aug sep sept oct okt nov dec mån tis ons tors tor fre lör sön
    mon tue tues wed thu thur thurs fri sat sun op cit est ver tel""".split()
)

# May stand within a sentence or end it: what follows decides.
EITHER = frozenset(
    """inc corp co ltd plc llc bros jr sr esq ph.d m.d b.a m.a d.d.s u.s u.k u.n e.u u.s.a d.c
    l.a n.y a.m p.m b.c a.d etc al dept univ assn ave blvd rd mfg intl govt natl est m.m osv
    o.s.v m.fl o.d o.dyl e.d f.kr e.kr f.kr. f.m e.m em fm st.l mkr mdkr kr tkr milj mdr
    mn bn mln tn tum min sek tim proc ex no.1 calif fla ill mass mich minn pa tex va wash wis
    ariz ala ark colo conn del ga ind kan ky la md mo mont neb nev okla ore tenn vt""".split()
)

# A capitalised word after an `EITHER` that begins a sentence rather than goes on with a name:
# the function words of `language`, which are all but never part of a name.
STARTERS = frozenset(
    """the a an it he she they we you i this that these those there here his her its their our
    my in on at by for from to with as but and so if when while after before since although
    though however meanwhile still then yet now not no what who why how where which one two
    some many most several both each all another other according even just last next more
    den det de en ett han hon vi ni man jag dem detta denna dessa där här då nu när men och så
    om i på av för från till med enligt efter före under över vid sedan också samtidigt
    dessutom däremot tidigare varför vad vem hur var hans hennes deras vår våra min mitt
    ingen inget många flera alla några någon ännu redan bara""".split()
)

# Who says it, after a quotation that ended with its own "?" or "!".
SPEECH_VERBS = (
    r"(?:said|says|asked|asks|wrote|writes|added|adds|told|tells|replied|responded|posted|tweeted"
    r"|cried|shouted|declared|exclaimed|wondered|warned|joked|insisted|recalled|continued)"
)
