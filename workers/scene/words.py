"""The words that scenes are asked for with, in the languages of most briefs: a new word is one more in a row.

Each row: what it asks for, then stems in English; German; French; Spanish; Italian; Portuguese; Dutch; and, where they are
written without spaces or articles are joined to them, Japanese, Chinese, Korean and Arabic. Without accents, in lower
case; a word of the prompt counts when it begins with a stem ("kitchens", "Eichentisch"), one of up to three letters only
when it is the whole word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_ROWS: tuple[tuple[dict[str, str], str], ...] = (
    # Hours.
    ({"hour": "dawn"}, "dawn sunrise daybreak morgengrauen morgenrot sonnenaufgang tagesanbruch aube aurore amanecer alba"
     " albeggiare amanhecer madrugada zonsopgang dageraad 夜明け 黎明 日出 새벽 فجر شروق"),
    ({"hour": "dawn"}, "early fruh frueh"),
    ({"hour": "morning"}, "morning morgen vormittag matin manana mattin manha ochtend 朝 早晨 早上 아침 صباح"),
    ({"hour": "morning", "set": "table"}, "breakfast fruhstuck fruehstueck dejeuner desayuno colazione ontbijt 朝食 早餐 فطور"),
    ({"hour": "noon"}, "noon midday mittag midi mediodia mezzogiorno meio-dia middag 昼 中午 정오 ظهر"),
    ({"hour": "noon"}, "summer bright sunny daylight sommer hell sonnig tageslicht ete clair ensoleille lumineux verano"
     " soleado luminos estate soleggiat chiaro verao ensolarad zomer zonnig 夏 夏天 여름 صيف"),
    ({"hour": "evening"}, "evening sunset abend sonnenuntergang feierabend soir coucher tarde atardecer anochecer sera tramonto"
     " entardecer avond zonsondergang 夕方 夕暮れ 傍晚 저녁 مساء غروب"),
    ({"hour": "evening"}, "cosy cozy gemutlich gemuetlich cocooning acogedor accoglient aconchegant gezellig"),
    ({"hour": "evening", "set": "dusk"}, "dusk twilight dammerung daemmerung crepuscul crepuscolo schemer"),
    ({"hour": "night", "set": "dusk"}, "night nacht nuit noche notte noite 夜 夜晚 밤 ليل"),
    ({"hour": "night", "set": "dusk"}, "bokeh skyline neon lights lichter lumieres luces luci luzes lichten party club bar"),
    ({"hour": "evening", "set": "dusk", "props": "candle"}, "candle kerze bougie vela candela kaars 蝋燭 شمع"),
    # Places.
    ({"set": "studio"}, "studio seamless cyclorama minimal hohlkehle schlicht epure sencillo minimalist スタジオ 摄影棚 스튜디오 استوديو"),
    ({"set": "kitchen"}, "kitchen counter cooking kuche kueche kochen cuisine cocina cucina cozinha keuken 台所 キッチン 厨房 주방 مطبخ"),
    ({"set": "table"}, "table tabletop desk dining tisch schreibtisch mesa tavol scrivania tafel bureau テーブル 桌 테이블 طاولة"),
    ({"set": "table", "ground": "walnut"}, "sideboard kommode anrichte buffet aparador credenza dressoir"),
    ({"set": "table", "ground": "walnut"}, "walnut nussbaum noyer nogal noce nogueira walnoot"),
    ({"set": "table", "ground": "oak"}, "oak eiche chene roble quercia rovere carvalho eik"),
    ({"set": "table", "ground": "birch"}, "pale birch ash maple birke ahorn esche bouleau frene abedul betulla berk"),
    ({"set": "table"}, "wood timber holz bois madera legno madeira hout 木 나무 خشب"),
    ({"set": "stone", "ground": "stone"}, "marble marmor marbre marmol marmo 大理石 رخام"),
    ({"set": "stone", "ground": "terrazzo"}, "terrazzo"),
    ({"set": "stone", "ground": "limestone"}, "limestone travertin sandstein kalkstein calcaire"),
    ({"set": "stone", "ground": "stone"}, "stone slab concrete granite slate stein beton granit schiefer pierre ardoise piedra hormigon pietra"
     " cemento calcestruzzo pedra steen 石 돌 حجر"),
    ({"set": "fabric"}, "fabric linen cloth silk satin velvet drape curtain bedroom towel blanket stoff leinen tuch seide samt"
     " vorhang schlafzimmer handtuch decke tissu linge soie velours drap rideau chambre serviette tela lino seda terciopelo"
     " cortina dormitorio toalla tessut seta velluto tenda tecido veludo quarto stof linnen zijde fluweel gordijn 布 丝绸 천 قماش"),
    ({"set": "wet"}, "wet water rain puddle mirror gloss glossy splash bathroom shower nass wasser regen pfutze spiegel glanz bad"
     " dusche mouille eau pluie miroir brillant bain douche mojad agua lluvia espejo brillo bano bagnat acqua pioggia specchio"
     " lucido bagno molhad chuva espelho banheiro nat regen spiegel badkamer 水 雨 濡れ 물 ماء مطر"),
    ({"set": "wet", "hour": "night"}, "black midnight schwarz noir negro nero preto zwart 黒 黑"),
    ({"set": "sky", "ground": "sand"}, "beach sand desert dune dunes strand wuste wueste plage sable desert playa arena desierto"
     " spiaggia sabbia deserto praia areia woestijn 砂 海滩 沙 해변 شاطئ صحراء رمل"),
    ({"set": "sky", "ground": "tiles"}, "pool piscin schwimmbad zwembad"),
    ({"set": "sky"}, "sky outdoor outside terrace balcony rooftop roof horizon cloud sea ocean mountain himmel draussen terrasse"
     " balkon dach wolke meer see berg ciel dehors exterieur balcon toit nuage mer montagne cielo fuera terraza azotea nube mar"
     " montana fuori terrazz balcon tetto nuvol mare montagn ceu fora telhado nuvem lucht buiten dak wolk zee 空 天空 海 하늘 سماء بحر"),
    ({"set": "paper"}, "paper geometry geometric origami cardboard cutout shapes playful papier geometri karton formen verspielt"
     " carton formes papel geometr cartulina carta cartoncino forme papelao vormen 紙 纸 종이 ورق"),
    ({"set": "podium"}, "podium pedestal plinth arch column stairs steps gallery museum podest sockel bogen saule saeule treppe"
     " galerie podio socle arche colonne escalier pedestal arco columna escalera piedistallo arco scala galleria coluna escada"
     " sokkel boog zuil 台座 展台 منصة"),
    ({"set": "leaves", "gobo": "leaves"}, "leaves leaf garden plant palm botanic jungle tropical forest autumn spring blatt blatter"
     " blaetter laub garten pflanze palme wald herbst fruhling fruehling feuille jardin plante palmier foret automne printemps"
     " hoja jardin planta palmera bosque otono primavera foglia foglie giardino pianta palma bosco autunno folha jardim floresta"
     " outono blad bladeren tuin herfst lente 葉 庭 植物 叶 花园 잎 정원 اوراق حديقة نبات"),
    ({"set": "blinds", "gobo": "blinds"}, "blinds shutter venetian jalousie rollladen persiana veneziana tapparella estore jaloezie"),
    ({"set": "blinds", "props": "steel", "gobo": "window", "ground": "stone"}, "station platform office city metro commut bahnhof"
     " gleis stadt pendl gare quai ville estacion anden oficina ciudad stazione binario ufficio citta estacao escritorio cidade"
     " kantoor stad 駅 办公室 车站 역 사무실 محطة مكتب"),
    ({"set": "blinds", "props": "steel"}, "steel stahl acier acero acciaio aco staal"),
    ({"set": "blinds"}, "wall plaster wand putz mur enduit platre pared yeso muro parete intonaco parede gesso muur 壁 墙 벽 جدار"),
    # Things.
    ({"props": "steel"}, "metal metall chrome chrom metallo metaal"),
    ({"props": "gift", "set": "table"}, "gift wrapped present christmas birthday geschenk verpackt weihnacht geburtstag cadeau noel"
     " anniversaire regalo navidad cumpleanos natale compleanno presente natal aniversario kerst verjaardag 贈り物 プレゼント 礼物 선물 هدية"),
    ({"props": "cup", "set": "kitchen"}, "barista"),
    ({"props": "cup"}, "coffee cup espresso kaffee tasse cafe caffe tazza koffie kopje コーヒー 咖啡 커피 قهوة"),
    ({"props": "books"}, "book books reading study library buch lesen livre lecture libro leer leggere livro ler boek 読書 书 책 كتاب"),
    ({"props": "vase"}, "vase flower flowers blume fleur flor fiore bloem 花 꽃 زهور"),
    ({"props": "pebbles"}, "pebble spa wellness kiesel galet guijarro ciottol"),
    ({"gobo": "window"}, "window fenster fenetre ventana finestra janela raam 窓 窗 창 نافذة"),
)  # fmt: skip


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


STEMS: Mapping[str, Mapping[str, str]] = {
    _plain(stem): row for row, stems in reversed(_ROWS) for stem in stems.replace("-", " ").split()
}
"""Stem to what it asks for. Where two rows have the same stem, the first row's counts."""

PLAIN = frozenset(stem for stem in STEMS if not stem.isascii() and any(ord(c) >= 0x600 for c in stem))
"""Stems of scripts that do not part words as ours do: they are looked for anywhere in a word."""
