"""Persian written in Latin letters ("Finglish"), told by its function words and verb forms.

No language library knows it: they say Uzbek, Indonesian or Kurdish. The words are those that a writer
cannot do without (pronouns, negations, particles, common verbs), each in its usual spellings.
"""

from __future__ import annotations

import re


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of no other language a post is likely to be in, or too rare there to matter.
_STRONG = _set("""
aali aghaye akharesh akhe alaan ajab albate arze arzoon arzun ashghal aslan awli awlie awliye azash azizam baad bacheha
badesh bahal bahash bahatun balad balke baram barash barashun barat bardashtan bargasht barname bashe bashid bashin
bavar bayad bazam bebakhshid bebinam bebinid bedam bedan bede bedid bedin befrest befrestid begid begir begiram
begirid behem behesh beheshun behet behtar behtare behtarin behtarine bekhar bekharam bekharid bekhatere bekhoda
bekonam belit benazar berid bezan bezanid bezar bezare bezarid biad biar biarid biay bilit bishtar biyaid biyarid
biyayn bizahmat blit bnazaram bod bodan bode bood boodam boodan boode boodin bozorg budam budan budim budin buud
chand chandta cheghad cheghadr chejoori chejori chejuri chera cherto cheto chetor chetore chetori chetorid chetorin
chie chikar chiye chize chizi choon daaram daarid dadam dadan dadid dadim dadin dagh daghighan daghighe daghun damet
dametoon dametun daneshgah daram darand dareh darid darim darin darmored dashtam dashtan dashte dashtid dashtim
dashtin daste dastetun dastgah delam delemun digar digaran dige digeh dirooz diruz dishab dobare dokhtaram doost
doostan dorood dorost doroste dorosti dorough dorud dorugh dozd dozdi dustam dustan eftezah eftezahe emkan emkanesh
emrooz emruz emsal emshab engar enghad ensafan eshtebah esme etefagh eybi faghat fahmidam fahmidan farda ferestad
ferestadan ferestadid fogholade fogholadeh foqolade foroosh foroushgah forush frestadin garme gereftam gereftan
gerefte gerefteh gereftid geroon gerun gerye ghabl ghablan ghadimi gharz ghashang ghashange ghatam ghate ghati
ghatie ghavanin ghaza ghazash ghazasho gheimat gheimatesh gheymat gheymate gheymatesh gheymatha ghorboon ghorbun
goftam goftan gofte goftid goftin gooshi goshi gushi hadaghal halam hamash hame hameh hamin hamintori hamishe
hamishegi hamkar hamkaram hamkarun hamoon hamsaye hamun hanooz hanuz harchi harki hasbi hastam hastan hastid hastin
hatman hatta havasam havaset heif hesab hesabam heyf hichi hichkas hichkodum hichvaght hoselam inha inham inja
injast injoori injuri inke inro jadid jaleb javab javabgoo javoon jedan jeddan jooz kardam kardan kardand karde
kardeh kardi kardid kardim kardin keifiat keyfiat keyfiyat keyfiyate keyfo khabar khahesh khaheshan khaily khali
khamoosh khamush khanoom khanum kharab kharabe kharid kharidam kharidan kharide kharidi khastam khaste khatam khatar
kheili kheilii kheily kheyli kheyly khob khobi khoda khodahafez khodaish khodam khodayi khode khodesh khodet
khodetun khoob khoobe khoobeh khoobi khoobid khoobin khoone khosh khosham khoshgel khoshgele khoshhal khoshhalam
khoshmaze khoshmazeh khub khube khubeh khubi khubin khune khyli khyly koja kojaee kojaei kojast kolahbardar
kolahbardari kolan kollan konam konan konid konim konin kuchik lotfan madaram majburi majhul maloom malum mamnoon
mamnoonam mamnoonim mamnun mamnunam mamoli mamuli manonam mardom maskhare mazash merc merci mersi mesle mikhastam moadel
moshkel moshkele moshkeli moshtari moshtariha motasefam motasefane moteasefane movafagh mozakhraf mrc mrsi nabashe
nabashid nabod nabood nabud nadad nadadan nadaram nadarand nadare nadareh nadarid nadarim nadarin nadasht nadashtan
nadashtim nadashtin nadidam nafar nafare nafari nakardan nakhar nakharid nakon nakonid nakonin namayandegi narazi
naraziam naresid nashod nashode nazar nazaram nazare nemishe nist nistam nistan niste nistesh nisti nistid omade
oomad oomadam paeen parvaz pasokh pasokhgoo peida peigiri peik pesaram peyda peygiri peyk pishnahad poolam poole
poolesh pooli poolo porsidam poshtibani pul pule raftam raftan rafte rahat rasid reside residesh rooye rooz roozeh
roshan roye ruye ruz ruze ruzi sabt sabz salam salamat salamati sandogh sefaresh sefaresham sefareshe shekayat
sheklat shod shodam shodan shode shodeh shodid shomaha shomam shomare shookhi soal sobh sorat tabrik taghalobi
tahvil takhfif takhir tamas tamiz tamoom tamum tashakkor tashakor tasliat tazeh tosieh tosiye umad umadam umade unja
untori vaghan vaghean vaghei vaght vaghtam vaghte vaghti valla vallah vaqean vase vasl vaze vojdan yadam yadesh yeho
yejoor yekam zadam zadan zadid zahmat zahmate zahmati zang zendegi zendegim ziad zibast ziyad zood zoodtar zud
zudtar
""")

# Persian too, but also words or names elsewhere: they only add weight.
_WEAK = _set("""
adam agar age ageh agha ahang aks alan ali asl az ba baba bade bar baraye baz bazi be boro bud che chi chiz
chon dad dada daftar dar dare dasht dast dg dge do dota enshallah esm ey faal garm gereft ghabz ghat goft hala ham
har haram hast hata hazine inam ino inshallah ja jan joon kar kard kash kasi ke kerd khan khar ki ko la lotf ma mah
mahi mamnon man manam mano mast maze mese mesl mikhay moz na nadi nane naz o oon pool ra rasti resid ro
roo saat sag sal salaam salem sar sard se sepas shab shayad shirin shoma ta tamam taze toman tomane toosh tu tun un
va vali vay ya yani ye yek yeki zir
""")

# mi-/nemi- marks the present tense; the stems are listed because English has "mining" and "mirror"
_VERB = re.compile(
    r"nemi[a-z]{2,}|mi(?:kh(?:a|o|u)\w+|kon\w+|sh(?:e|od|an|am|in|im|id|eh|nav\w*)|d(?:am|i|e|im|id|in|an|eh|ad)"
    r"|d(?:oo|u|o)n\w+|r(?:am|e|im|id|in|an|eh|es\w+|iz\w+)|g(?:am|i|e|im|id|in|an|eh|oft\w*|ir\w+|zar\w*)"
    r"|a(?:m|d|i|in|im|id|n|ad|yad)|y(?:a|o)\w+|z(?:an|ar|ad)\w+|b(?:ar|in)\w+|t(?:oo|u|av)n?\w+|f(?:ahm|rest|rush)\w*"
    r"|oft\w+|mun\w*|moon\w*|kesh\w+|par\w+|pors\w*|r(?:aft|ikht)\w*|sazi?\w*|sanj\w*)"
    r"|b(?:i|e)kh(?:a|o)\w+|khah\w+|\w+(?:etun|etoon|amun|eshun|eshoon)"
)

_ENGLISH = _set("""
a about after all am amen an and any are as ask at away awesome back bad because been best better but by call called
can company cool could customer day delayed delivery did didn't dm do does don't done ever every excellent fantastic
first flight food for from get go good great had has have he hello help her here hey hi hour hours how i i'm i've if
into is it it's its just last like lmfao lol love min mins more much my need never new next nice no not now of off
ok okay omg on one only or order other our out over past people perfect phone please really same say sent service
she should so some still stop sucks than thank thanks that that's the their them then there they this thnx thx time
today too up us use very wait waiting was we well were what when where which who why will wish with won't work worst
would yeah yes you your yup
""")

# Languages a word list could take for Finglish: romanised Urdu and Hindi, Turkish, Malay, Filipino, French
_FOREIGN = _set("""
aap ada ako ama ang ay bahut bir bisa bohot bu cok daha dan degil dengan di evet gaya gayi gibi hai hain hindi ho
hoon icin ini ito itu ka kar ki ko kya kyun lang mera mere meri mga mi nahi nahin naman neden ng po raha rahi sa
saya sudah tha thi tidak untuk var ve wala woh yang yeh yok beaucoup bien bonjour de des du est et je le les madame
monsieur pas pour votre vous tout
""")

_DRAWN_OUT = re.compile(r"(\w)\1{2,}")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def english_words(text: str) -> int:
    """How many of the text's words are everyday English ones."""
    return sum(word in _ENGLISH for word in _words(text))


def is_finglish(text: str, *, likely: bool = False) -> bool:
    """Whether a text in Latin letters is Persian; expects links and handles taken out.

    True when Persian words outweigh English and other ones and make up a fifth of all words. English that
    only borrows a word ("salam everyone", a name) stays English. With `likely` (the platform says Persian, or
    a model sees one of the languages it takes Finglish for) words that other languages share count in full.
    """
    words = _words(text)
    strong = sum(1 for word in words if word in _STRONG or _VERB.fullmatch(word))
    weak = sum(1 for word in words if word in _WEAK)
    if not (strong or (likely and weak)):
        return False
    # Persian in Latin letters is typed on a plain keyboard: one ş or ñ speaks against it
    against = sum(
        1 for word in words if word not in _WEAK and (word in _ENGLISH or word in _FOREIGN or not word.isascii())
    )
    weight = strong + (weak if likely else weak / 2)
    return weight > 1.2 * against and weight >= len(words) / (4 if likely else 5)


def _words(text: str) -> list[str]:
    # "khooob" and "sooo" are "khob" and "so"; two equal letters may be the spelling
    return _WORD.findall(_DRAWN_OUT.sub(r"\1", text.lower().replace("’", "'")))
