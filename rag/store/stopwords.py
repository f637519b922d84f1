"""Function words and question words that say nothing about what a question is about.

The core follows the Snowball project's English and Swedish lists (BSD); question phrases
("how many", "hur mycket", "tell me") were added, since every question has them.
"""

from __future__ import annotations

_ENGLISH = """
a about above after again against all also am an and any are aren't as at be because been before
being below between both but by can can't cannot could couldn't did didn't do does doesn't doing
don't down during each few for from further had hadn't has hasn't have haven't having he her
here hers herself him himself his how however i if in into is isn't it its itself just let's may
me might more most must my myself no nor not of off on once only or other ought our ours
ourselves out over own per same shall she should shouldn't since so some such than that the
their theirs them themselves then there these they this those though through to too under until
up upon us very was wasn't we were weren't what when where whether which while who whom whose
why will with within without won't would wouldn't you your yours yourself yourselves according
anything article articles ever explain give happen happened happens know many much please said
say says tell told
"""

_SWEDISH = """
alla allt alltså andra annan annat att av bara blev bli blir blivit borde både båda då de dem
den denna deras dess dessa det detta dig din dina dit ditt du där därför efter eftersom ej eller
en er era ert ett fick finns från få får för före genom går gå gör göra gjort gjorde ha hade han
hans har henne hennes hon honom hos hur här i icke in inget ingen inne inom inte ja jag ju kan
kom kommer kunde kunnat kring man med medan mellan men mer mest mig min mina mitt mot mycket
måste många möjligen ni nu någon något några nej när och också om oss på redan sade sa samma
sedan sig sin sina sitt själv ska skall skulle som så sådan sådana sådant säger säga till trots
under upp ur ut utan vad var vara varför varit varje vars vart vem vems vet vi vid vidare vilka
vilkas vilken vilket vill vore vår våra vårt än ännu är åt över artikel artikeln artiklarna
berätta enligt förklara händer hände hänt
"""

STOPWORDS: dict[str, frozenset[str]] = {
    "en": frozenset(_ENGLISH.replace("'", "").split()),  # as the index spells them: "dont"
    "sv": frozenset(_SWEDISH.split()),
}
