"""What crawlers and shops call things: columns, whatever their language, and kinds of rows."""

import re

# Letters and digits only; the likeliest first.
ADDRESSES = """imageurl imagesrc imageaddress image img src imagelink imgsrc imgurl images imageurls
bildurl bildadresse bild urlimage imagen immagine imagem afbeelding
画像url 画像 图片url 图片地址 图片
address url destination to link href picture photo media html tag content zieladresse ziel adresse
destino destinazione direccion indirizzo nach""".split()
PAGES = """page pageurl pageaddress source sourceurl sourcepage foundon from fromurl inlink referrer
referer parent parenturl post permalink landingpage seite seitenurl quelle fuente origen origine
von pagina ページ ページurl 页面 页面url""".split()
ALTS = "alt alttext imagealt imagealttext altattribute imgalt alternativetext alttag".split()
ALT_WORDS = {*ALTS, "alternativtext", "imgalttext", "альт"}
# Of a text, else of anything.
ALTERNATIVE = re.compile("alternati[evf]|alternatyw|альтернатив|(ال)?بديل")
TEXT_WORDS = set("text texts txt texte texto testo tekst teksten текст metin نص النص".split())
# What may stand beside; “length”, “missing”, “new” or “url” make another thing of it.
COMPANIONS = TEXT_WORDS | set(
    """tag attribute attribut attributo atributo attr html content value image images img imagen
    imagem immagine bild bildes photo picture product current existing original old aktueller
    actuel actual attuale main featured hero cover base wp attachment de del da di la le les el of
    the l d s""".split()
)
# Shops that call it something else: Magento a label, BigCommerce a description of the image.
SHOPS = re.compile(r"(base|small|thumbnail|additional)_image_labels?|product image description\b.*")
SEVERAL = re.compile(r"(texts|labels|alts|tags)\b", re.IGNORECASE)  # a list in each cell
ALT_CJK = re.compile("代替|替代|대체|alt(属性|テキスト|文本)")
COUNTS_CJK = re.compile("[長长数]|길이")
TYPES = """type contenttype mimetype mime kind typ contenttyp inhaltstyp medientyp typedecontenu
tipo tipodecontenido tipodicontenuto tipodeconteudo resourcetype mediatype filetype assettype
linktype urltype elementtype 種類 タイプ コンテンツタイプ 类型 内容类型 тип""".split()
# What tells of the page around an image: what it is -> its names.
CONTEXT = {
    "title": """pagetitle title title1 metatitle seotitle sourcetitle pagename posttitle seitentitel
        titel titre titre1 titredelapage titulo titulodelapagina titolo タイトル 标题 заголовок""",
    "h1": "h1 h11 h1text pageh1 firstheading überschrift1 h1überschrift ueberschrift1",
    "heading": """heading nearestheading sectionheading h2 h21 section überschrift ueberschrift
        encabezado intestazione 見出し""",
    "figcaption": """caption figcaption imagecaption postexcerpt bildunterschrift légende legende
        legenda didascalia piedefoto キャプション 说明""",
    "link_text": """anchor anchortext linktext linkanchor ankertext texteducalien textedancre
        textoancla textodeancla testoancora testodiancoraggio アンカーテキスト 锚文本""",
    "link": """linktarget linkurl linkedurl linkhref targeturl imagelinkurl imagelinkto linksto
        linkziel cibledulien destinodelenlace""",
    "product": """product productname producttitle name itemname itemtitle handle produkt
        produktname artikelname nomduproduit nombredelproducto nomeprodotto nome nombre nom
        商品名 产品名称 название""",
    "keywords": """keywords keyword metakeywords metakeyword focuskeyword targetkeyword tags
        producttags schlagwörter keywords1 metakeywords1 motsclés palabrasclave parolechiave
        キーワード 关键词""",
}
CONTEXT = {kind: names.split() for kind, names in CONTEXT.items()}
KNOWN = {*ADDRESSES, *PAGES, *TYPES}
IMAGES = """image images img imagetag photo picture graphic jpg jpeg png webp gif svg avif bild
bilder grafik imagen imagenes immagine immagini imagem imagens afbeelding afbeeldingen obraz
画像 图片 图像 圖片 이미지 изображение""".split()
# An image file at such an address is still no <img>.
LINKS = """hyperlink link anchor css stylesheet javascript script js canonical hreflang iframe
redirect amp next prev metarefresh httpredirect xhr ajax""".split()
OTHERS = "html page pages font fonts pdf video audio document text json xml other others".split()
MIME = re.compile(r"\s*(image|text|application|video|audio|font|model|multipart)/([\w.+-]+)", re.I)
UNKNOWN_BYTES = {"octet-stream", "binary", "x-binary", "unknown"}


def plain(name: str) -> str:
    """Return a name's letters and digits, small: "Image URL" and "image_url" are one."""
    return re.sub(r"[\W_]", "", name).lower()


def is_alt(name: str) -> bool:
    """True for the name of a column of alt texts: "Alt Text 1", "Texte Alt", "代替テキスト"."""
    if ALT_CJK.search(plain(name)):
        return not COUNTS_CJK.search(name)
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|\([^()]*\)", " ", name).lower()
    if SHOPS.fullmatch(name.strip().lower()):
        return True
    words = set(re.findall(r"[^\W\d_]+", spaced))
    alternative = (
        {word for word in words if ALTERNATIVE.match(word)} if words & TEXT_WORDS else set()
    )
    alt = (words & ALT_WORDS) | alternative
    return bool(alt) and words - alt <= COMPANIONS


def is_known(name: str) -> bool:
    """True for a name that a crawler's column may have."""
    return plain(name) in KNOWN or is_alt(name)


def trailing_number(name: str) -> str:
    """Return the number at the end of a name, "" without one."""
    return re.search(r"\d*$", plain(name))[0]


def says_image(kind: str) -> bool | None:
    """Return whether the kind of a row, such as "Hyperlink" or "image/png", is an image's.

    None where it doesn't tell.
    """
    if mime := MIME.match(kind):
        is_image = mime[1].lower() == "image"
        return None if not is_image and mime[2].lower() in UNKNOWN_BYTES else is_image
    word = plain(kind)
    return True if word in IMAGES else False if word in (*LINKS, *OTHERS) else None
