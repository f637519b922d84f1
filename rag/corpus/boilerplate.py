"""The lines of news pages that are no reporting: a table of patterns and reasons.

To teach a new one, add a row. A pattern must match a whole line (its outer whitespace taken
off, case ignored unless `exact`), so that a sentence that merely contains the words stays.
`tail` rows apply only in the run of such lines that ends an article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`opens` rows head a list: the headline-like lines right after them are masked, too."""

    reason: str
    pattern: re.Pattern[str]
    tail: bool = False
    opens: bool = False


def _rule(
    reason: str, pattern: str, *, tail: bool = False, opens: bool = False, exact: bool = False
) -> Rule:
    flags = re.VERBOSE if exact else re.VERBOSE | re.IGNORECASE
    return Rule(reason, re.compile(pattern, flags), tail, opens)


# A name of one to four capitalised words, initials and particles among them.
_NAME = (
    r"(?:[A-ZÅÄÖÉØÜ][\w’'.-]*\.?)(?:\ (?:(?:van|von|der|den|de|del|di|da|bin|al|af|la|le)\ )*"
    r"[A-ZÅÄÖÉØÜ][\w’'.-]*){0,3}"
)
_NAMES = rf"{_NAME}(?:(?:,\ |\ (?:and|och|&|with)\ |,\ (?:and|och)\ ){_NAME}){{0,6}}"
_MONTH = (
    r"(?:jan|feb|mar|apr|may|maj|jun|jul|aug|sep|sept|oct|okt|nov|dec)\w*\.?"
)
_DATE = (
    rf"(?:\w+day,?\ )?(?:{_MONTH}\ \d{{1,2}}(?:st|nd|rd|th)?,?\ \d{{4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\ {_MONTH},?\ \d{{4}}|\d{{4}}-\d\d-\d\d|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}})"
)
_AGENCY = (
    r"(?:CNN(?:\ Business)?|AP|A\.P\.|Associated\ Press|The\ Associated\ Press|Reuters|REUTERS|AFP|TT"
    r"|Bloomberg|BBC(?:\ News)?|SVT(?:\ Nyheter)?|Xinhua|UPI|dpa|DPA|NTB|Ritzau|USA\ TODAY|CNBC|NPR|ANI|PTI)"
)
_PLACE = r"[A-ZÅÄÖÉØÜ][\w’'.-]*(?:[ ,/]+(?:[A-ZÅÄÖÉØÜ][\w’'.-]*|and|och|of|the)){0,5}"

RULES: tuple[Rule, ...] = (
    # Where a copied page says where it was copied from.
    _rule("source link", r"(?:original\ )?source(?:\ link)?\s*[:»→]?|via|källa\s*:?|source:?\ https?://\S+"),
    _rule("source link", r"(?:källa|source|via)\s*:\s*[\w.\ /&-]{2,40}", tail=True),
    _rule("source link", r"https?://\S+|www\.\S+\.\S+"),
    # Comment forms.
    _rule("comment form", r"leave\ a\ (?:reply|comment).{0,60}|cancel\ reply|post\ a?\ ?comment|(?:\d+\ )?(?:comments?|replies|kommentarer?)(?:\ \(\d+\)|\ closed|\ are\ closed\.?)?"),
    _rule("comment form", r"your\ email\ address\ will\ not\ be\ published\..*|required\ fields\ are\ marked.*|din\ e-?postadress\ kommer\ inte\ publiceras\..*|lämna\ (?:ett\ svar|en\ kommentar).{0,40}|save\ my\ name,\ email.*"),
    _rule("comment form", r"(?:name|email|website|comment|namn|e-?post|webbplats|kommentar)\s*\*"),
    # Ways to other pages.
    _rule("link to more", r"(?:read|see|learn|find\ out|view|show|load|watch|listen)\ (?:more|full\ story|all|also)(?:\ (?:here|now|below|about\ this))?\s*[:.…»›>→]*|continue\ reading.{0,40}|more\ (?:here|info)\s*[.:]?", opens=True),
    _rule("link to more", r"(?:read|see|watch|listen|go\ deeper|related)(?:\ (?:more|also|next|now|here|on|story|stories|article|video))?\s*(?::|►|»|>|→).{1,160}"),
    _rule("link to more", r"(?:click|tap|go)\ (?:here|on\ the\ link)\ (?:to|for)\ .{3,120}|.{0,80}\ (?:click|see|read\ more)\ here\.?"),
    _rule("link to more", r"(?:läs|se|hör|lyssna|titta)\ (?:mer|även|också|hela\ \w+|vidare|fler\w*)(?:\ (?:här|nedan|på\ \w+))?\s*[:.…»›>→]*", opens=True),
    _rule("link to more", r"(?:läs|se|hör|lyssna|titta)\ (?:mer|även|också|vidare)?\s*:\s*.{1,160}|läs\ (?:också|även|mer)\ .{1,140}"),
    _rule("link to more", r"(?:hör|se|läs|titta|lyssna|följ)\b.{0,160}\b(?:i|på)\ (?:klippet|videon|videoklippet|spelaren|inslaget|filmen|podden|länken|artikeln)(?:\ (?:ovan|nedan|här|ovanför|nedanför|intill))?\.?"),
    _rule("link to more", r"(?:watch|listen|hear|see|play)\b.{0,120}\b(?:video|clip|audio|podcast|player|gallery)\ (?:above|below|here)\.?"),
    _rule("related articles", r"related(?:\ (?:posts?|articles?|stories|story|topics?|links?|news|coverage|content|reading|videos?))?\s*:?|(?:you\ )?(?:may|might)\ also\ (?:like|be\ interested\ in)\s*:?|more\ (?:from|on|in|news|stories)\b.{0,60}|recommended(?:\ (?:for\ you|stories|reading))?|most\ (?:read|popular|viewed)|trending(?:\ now)?|also\ (?:read|on|in)\b.{0,40}|don['’]t\ miss.{0,40}|relaterat|relaterade\ \w+|mer\ (?:om|från|i)\ .{1,60}|mest\ läst\w*|fler\ (?:artiklar|nyheter)\b.{0,40}|senaste\ nytt|rekommenderat", opens=True, tail=True),
    _rule("related articles", r"related(?:\ (?:posts?|articles?|stories|topics?|links?|news))|relaterade\ (?:artiklar|inlägg|nyheter)|you\ (?:may|might)\ also\ like:?", opens=True),
    _rule("tags", r"(?:tags?|taggar|etiketter|keywords|nyckelord|topics|ämnen|filed\ under|categor(?:y|ies)|kategori(?:er)?|posted\ in)\s*:?", opens=True),
    _rule("tags", r"(?:tags?|taggar|etiketter|filed\ under|posted\ in|keywords|topics)\s*:\s*.{1,200}|(?:\#\w+[\s,]*)+"),
    # Sharing, following, subscribing, paying.
    _rule("share line", r"share(?:\ (?:this|on|via|to)\b.{0,60}|\s*:?)|(?:share|copy)\ (?:link|article|full\ article)|(?:dela|kopiera)(?:\ (?:artikeln?|på\b.{0,30}|länken?|via\b.{0,30}))?|(?:print|e-?mail|skriv\ ut|tipsa)(?:\ (?:this|article|artikeln?|en\ vän))?|(?:facebook|twitter|x|whatsapp|linkedin|reddit|telegram|messenger|pinterest|e-?mail|copy\ link|instagram|threads|tiktok|,|\||·|\s)+"),
    _rule("follow line", r"follow\b.{1,120}\ (?:on|at)\ (?:twitter|x|facebook|instagram|threads|tiktok|bluesky|youtube|whatsapp|linkedin|google\ news)\b.{0,120}|follow\ @.{1,80}|(?:reach|contact|email)\ .{2,80}(?:@|\ at\ \S+@)\S+.{0,100}|följ\ .{1,80}\ på\ (?:twitter|x|facebook|instagram|threads|tiktok|youtube|linkedin).{0,40}|(?:contact\ us|kontakta\ oss).{0,80}|follow\ \w+(?:\ \w+){0,3}\ join\ us.{0,60}"),
    _rule("newsletter", r"(?:want\ more\?\ |not\ a\ subscriber\?\ |.{0,40}\?\ )?(?:sign[\s-]up|subscribe|register)\b.{0,160}|get\ .{0,100}\b(?:newsletter|inbox|alerts)\b.{0,100}|.{0,100}\bdelivered\ (?:straight\ |directly\ |right\ )?to\ your\ (?:inbox|email)\b.{0,40}|newsletters?|nyhetsbrev|(?:prenumerera|anmäl\ dig|skriv\ upp\ dig|registrera\ dig)\b.{0,140}|.{0,60}\b(?:vårt|våra)\ nyhetsbrev\b.{0,80}|already\ a\ (?:subscriber|member)\?.{0,40}|(?:log|sign)\ in(?:\ (?:to|or)\b.{0,60})?|logga\ in.{0,60}|bli\ (?:prenumerant|medlem)\b.{0,60}|you\ (?:can|may)\ unsubscribe\b.{0,80}"),
    _rule("advert", r"(?:[-–—(\[]\s*)?(?:advertisement|advertising|advertisment|ad|annons|reklam|sponsored(?:\ (?:content|by\b.{0,40}))?|promoted|paid\ (?:content|post)|annonsinnehåll|story\ continues(?:\ below)?(?:\ (?:this\ )?advertisement)?|article\ continues\ (?:below|after)\b.{0,40}|artikeln\ fortsätter\ (?:under|efter)\b.{0,40}|skip\ advertisement|advertisement\s*[-–—]?\ scroll\ to\ continue)(?:\s*[-–—)\]:])?"),
    _rule("advert", r"(?:need\ a\ break|looking\ for\ a\ free)\b.{0,60}(?:crossword|puzzle|game|quick\ cross)\b.{0,60}|.{0,80}\buse\ (?:promo\ )?code\ [A-Z0-9]{4,}\b.{0,80}|.{0,60}\baffiliate\ (?:links?|commission)\b.{0,120}"),
    _rule("cookie notice", r"(?:we|this\ (?:web)?site|vi|den\ här\ (?:webbplatsen|sidan)|webbplatsen)\b.{0,60}\b(?:use[sr]?|använder)\ (?:\w+\ ){0,3}(?:cookies|kakor)\b.{0,240}|(?:accept|reject|godkänn|acceptera|avvisa|manage|hantera)\ (?:all|alla)?\s*(?:cookies|kakor)|cookie\ (?:policy|settings|preferences)|cookie-?inställningar|by\ (?:continuing|clicking|signing\ up|using)\b.{0,80}\byou\ (?:agree|accept|consent)\b.{0,200}|(?:privacy|integritets)\s?-?policy|terms\ of\ (?:use|service)|(?:privacy\ policy|terms\b).{0,30}\|.{0,60}"),
    _rule("page furniture", r"skip\ to\ (?:main\ )?content|(?:back\ )?to\ (?:the\ )?top|back\ to\ (?:the\ )?top|till\ toppen|hoppa\ till\ innehåll\w*|(?:main\ )?menu|meny|search|sök|home|hem|hide\ caption|toggle\ caption|enlarge\ this\ image|(?:close|stäng)|loading(?:\.\.\.|…)?|laddar(?:\.\.\.|…)?|next(?:\ (?:article|post|story))?|previous(?:\ (?:article|post|story))?|nästa|föregående|play\ video|spela\ upp|javascript\b.{0,80}|please\ enable\ javascript.{0,80}|unable\ to\ view\ our\ graphics\?.{0,60}|.{0,60}\ is\ not\ supported\ (?:by|in)\ your\ browser.{0,60}"),
    _rule("rights notice", r"(?:copyright|©|\(c\)\ ?\d{4}).{0,200}|all\ rights\ reserved.{0,80}|alla\ rättigheter\ förbehåll\w*.{0,60}|.{0,80}(?:may\ not\ be\ (?:published|reproduced|copied)|mångfaldigas).{0,120}"),
    _rule("editor's note", r"[(\[]?(?:this|the)\ (?:story|article|file|post)\ (?:has\ been|was|is\ being)\ (?:(?:last|first|originally)\ )?(?:updated|corrected|published|posted|edited)\b.{0,160}[)\]]?|[(\[]?(?:artikeln|texten)\ (?:har\ )?(?:uppdaterat|uppdateras|uppdaterades|korrigerats|rättats)\w*\b.{0,120}[)\]]?|(?:this\ is\ a\ developing\ story|more\ to\ come|det\ här\ är\ en\ nyhet\ under\ utveckling)\b.{0,80}"),
    # Who wrote it, when, and who gave the pictures.
    _rule("byline", rf"(?:By|BY|Av|AV|Text|TEXT|Written\ by|Reported\ by|Story\ by)\s*:?\ +{_NAMES}(?:(?:,|\ \||\ [-–—/])\ ?.{{2,60}})?", exact=True),
    _rule("byline", rf"(?:Reporting|Additional\ reporting|Editing|Writing|Contributing|Contributors?|Compiled)(?:\ by|:|\ and\ \w+\ by)\ .{{2,200}}", exact=True),
    _rule("byline", rf"(?:[–—−‒-]{{1,2}}|―)\s?{_NAMES}(?:,\ (?:[Ss]taff\ [Ww]riter|{_AGENCY}|USA\ TODAY\ Network))?", exact=True),
    _rule("byline", rf"{_NAMES},?\ (?:\||for|[-–—])\ {_AGENCY}(?:\ [A-Z]\w+)?|(?:From|Special\ (?:to|for))\ [A-Z].{{2,60}}", exact=True),
    _rule("byline", r"\S+@\S+\.\w{2,}|@\w{2,30}"),
    _rule("date line", rf"(?:(?:first\ )?(?:published|updated|posted|last\ (?:updated|modified)|publicerad|publicerat|uppdaterad|uppdaterat|senast\ uppdaterad|skapad)(?:\ on|\ den|\ at)?\s*:?\s*)?{_DATE}.{{0,30}}"),
    _rule("date line", r"(?:published|updated|posted|last\ updated|publicerad|uppdaterad)\b.{0,50}\d.{0,30}|\d{1,2}\ (?:min(?:ute)?s?|hours?|days?|timmar|minuter|dagar)\ (?:ago|sedan|read|läsning)|(?:i\ dag|idag|igår|i\ går|today|yesterday)\ (?:kl\.?\ ?|at\ )?\d{1,2}[.:]\d\d"),
    _rule("dateline", rf"(?:{_PLACE}\ +)?[({{\[]?{_AGENCY}[)}}\]]?(?:\s*[–—-]+)?|[A-ZÅÄÖ][A-ZÅÄÖ .,'’-]{{2,40}}\s*[–—-]+", exact=True),
    _rule("photo credit", rf"(?:photo(?:s|graphs?|\ credit)?|image(?:\ credit|s)?|picture|foto|bild|arkivbild|bildkälla|illustration|grafik|graphic|video|credit)\s*(?:by\ |av\ |courtesy\ |:\s*).{{2,100}}"),
    _rule("photo credit", rf"[(\[]?(?:AP\ Photo|Getty\ Images|REUTERS/|AFP/|Reuters/|TT\ Nyhetsbyrån|Scanpix|Shutterstock|iStock|Unsplash|{_NAME}/(?:{_AGENCY}|Getty|EPA|Pool|Bloomberg)).{{0,80}}[)\]]?", exact=True),
    _rule("photo caption", r".{10,400}[(\[|]\s*(?:AP\ Photo|Photo(?:\ by|:)|Foto:|Bild:|Image:|Credit:|Getty|REUTERS|Reuters/|AFP|EPA)[^.]{0,100}[)\]]?\.?", exact=True),
    _rule("photo caption", r".{10,400}(?:\s(?:Foto|Photo|Bild):\s?[\w\ /.&’'-]{2,60})", exact=True),
    _rule("photo caption", r".{10,400}\.\s*(?:[\w.’'-]+\ ){0,4}[\w’'-]+/(?:Getty(?:\ Images)?|AFP|AP|Reuters|REUTERS|EPA|TT|Bloomberg|Shutterstock|Scanpix)\S*(?:/\S+)?", exact=True),
    # Lines that are drawn, not written.
    _rule("ornament", r"[\W_]+"),
)

# "WASHINGTON – In a move", "STOCKHOLM (TT) – Regeringen": the place before the first sentence.
DATELINE_PREFIX = re.compile(
    rf"""(?:
        [A-ZÅÄÖÉØÜ][A-ZÅÄÖÉØÜ.'’-]+(?:[\ ,/]+[A-ZÅÄÖÉØÜ][\w.'’-]*){{0,4}}
            (?:,?\ (?:{_MONTH}\ \d{{1,2}}))?\ ?(?:\({_AGENCY}\))?
      | {_PLACE}\ ?\({_AGENCY}\)
      | (?:{_PLACE}\ )?{_AGENCY}
    )\ ?[–—-]{{1,2}}\s+(?=\S)""",
    re.VERBOSE,
)
AGENCY_LINE = re.compile(rf"{_AGENCY}(?:\s*[–—-]+)?", re.VERBOSE)
