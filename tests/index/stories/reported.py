"""Reports as newsrooms write them, event by event, with the moments at which they would have appeared."""

from dataclasses import dataclass

from index import Article

HARBOR = ("Harbor Tribune", "US", "en")
MERIDIAN = ("Cape Meridian", "ZA", "en")
ALAMEDA = ("Diario La Alameda", "ES", "es")
DESIERTO = ("Correo del Desierto", "CL", "es")
ELBTALER = ("Elbtaler Zeitung", "DE", "de")
ALPEN = ("Alpenkurier", "AT", "de")
QUAI = ("Le Quai du Matin", "FR", "fr")
KURIER = ("Kurier Nadwiślański", "PL", "pl")

Publisher = tuple[str, str, str]
Line = tuple[str, Publisher, str, str]
"""When a report appeared (UTC), whose it is, its title and its text."""


@dataclass(frozen=True)
class Event:
    """What happened, as it was reported.

    Attributes:
        name: begins the ids of its reports.
        reports: in the order in which they appeared.
    """

    name: str
    reports: tuple[Article, ...]


def event(name: str, *lines: Line) -> Event:
    """An event with its reports."""
    made = []
    for number, (moment, (source, country, lang), title, text) in enumerate(lines, 1):
        made.append(
            Article(
                id=f"{name}-{number:02}",
                source=source,
                country=country,
                lang=lang,
                published_at=f"{moment}:00Z",
                title=title,
                text=text,
            )
        )
    return Event(name, tuple(made))


def in_order(*events: Event) -> list[Article]:
    """The reports of several events as they came."""
    reports = [report for one in events for report in one.reports]
    return sorted(reports, key=lambda report: (report.published_at, report.id))


MINE_RESCUE = event(
    "mine",
    # Day 1
    (
        "2024-08-02T04:40",
        DESIERTO,
        "Derrumbe en la mina Santa Elvira deja a 27 mineros atrapados",
        "Un derrumbe en el yacimiento de cobre Santa Elvira, a 60 kilómetros de Taltal, dejó atrapados la noche del "
        "jueves a 27 mineros a unos 520 metros de profundidad. La empresa informó de que la rampa de acceso quedó "
        "bloqueada y de que no hay comunicación con el turno. Equipos de rescate de otras faenas se dirigen al lugar.",
    ),
    (
        "2024-08-02T14:15",
        HARBOR,
        "27 miners trapped after cave-in at Chilean copper mine",
        "A cave-in at the Santa Elvira copper mine in northern Chile has trapped 27 workers more than 1,700 feet "
        "underground, officials said on Friday. The only ramp leading out of the mine is blocked by rock, and there "
        "has been no contact with the men since Thursday evening. It is not known whether anyone was hurt.",
    ),
    (
        "2024-08-02T17:30",
        ELBTALER,
        "Grubenunglück in Chile: 27 Bergleute verschüttet",
        "Nach einem Einsturz in der Kupfermine Santa Elvira im Norden Chiles sind 27 Bergleute in rund 520 Metern "
        "Tiefe eingeschlossen. Zu den Männern gebe es bislang keinen Kontakt, teilte die Betreibergesellschaft am "
        "Freitag mit. Rettungskräfte versuchten, über einen Lüftungsschacht zu ihnen vorzudringen.",
    ),
    # Day 2
    (
        "2024-08-03T12:20",
        DESIERTO,
        "Nuevo desprendimiento frena el rescate en la mina Santa Elvira",
        "Un segundo desprendimiento de rocas obligó este sábado a los rescatistas a salir del ducto de ventilación "
        "por el que intentaban llegar a los 27 mineros atrapados en Santa Elvira. Nadie resultó herido. El ministro "
        "de Minería reconoció que esa vía está descartada y que habrá que perforar desde la superficie.",
    ),
    (
        "2024-08-03T19:05",
        QUAI,
        "Chili : un nouvel éboulement complique le sauvetage des 27 mineurs",
        "Les secouristes qui tentaient de rejoindre 27 mineurs bloqués depuis jeudi dans la mine de cuivre de Santa "
        "Elvira, dans le nord du Chili, ont dû rebrousser chemin samedi après un nouvel éboulement dans le conduit "
        "d'aération. Les autorités envisagent désormais de forer depuis la surface.",
    ),
    # Day 3
    (
        "2024-08-04T13:00",
        HARBOR,
        "Families set up camp at Chilean mine as rescuers prepare to drill",
        "Relatives of the 27 men trapped in the Santa Elvira mine have pitched tents near its gate, lighting candles "
        "and demanding news. Drilling machines were on their way through the desert on Sunday; engineers hope to bore "
        "a narrow hole to a shelter in which the miners may have found refuge.",
    ),
    (
        "2024-08-04T16:45",
        ALAMEDA,
        "Las familias de los mineros chilenos acampan a la espera de noticias",
        "Madres, esposas e hijos de los 27 mineros atrapados en Santa Elvira pasan las noches en tiendas de campaña a "
        "las puertas del yacimiento. Piden que nadie se rinda. Las máquinas perforadoras llegarán el lunes, según el "
        "Gobierno chileno, que ha asumido el mando del rescate.",
    ),
    # Day 4
    (
        "2024-08-05T11:30",
        DESIERTO,
        "Comienza la perforación en Santa Elvira: tres máquinas buscan el refugio",
        "Tres sondas empezaron a perforar esta mañana en el cerro sobre la mina Santa Elvira con el objetivo de "
        "alcanzar el refugio situado a 520 metros, donde podrían estar los 27 mineros. Los técnicos calculan que el "
        "primer sondaje tardará entre cuatro y seis días.",
    ),
    (
        "2024-08-05T15:10",
        ELBTALER,
        "Chile: Bohrungen nach verschütteten Bergleuten haben begonnen",
        "Im Norden Chiles haben Retter am Montag mit Bohrungen nach den 27 Bergleuten begonnen, die seit Donnerstag "
        "in der Mine Santa Elvira eingeschlossen sind. Drei Maschinen sollen schmale Löcher bis zu einem Schutzraum "
        "in 520 Metern Tiefe treiben. Das werde mehrere Tage dauern, hieß es.",
    ),
    (
        "2024-08-05T21:40",
        MERIDIAN,
        "Rescuers drill for 27 miners trapped under Chilean desert",
        "Three drilling rigs started work on Monday above the collapsed Santa Elvira copper mine in Chile, where 27 "
        "men have been missing since Thursday. South African mine rescue specialists have offered their help. The "
        "holes will be no wider than a grapefruit, enough for a microphone and a camera.",
    ),
    # Day 5
    (
        "2024-08-06T13:25",
        HARBOR,
        "First drill misses its target at Chile mine",
        "The first of three holes drilled in search of 27 trapped miners in Chile has strayed off course and been "
        "given up, the mining minister said on Tuesday. The rock above the Santa Elvira shelter is harder than the "
        "maps of the company had shown. The two other rigs go on.",
    ),
    (
        "2024-08-06T18:50",
        DESIERTO,
        "Una de las sondas se desvía y obliga a recomenzar en Santa Elvira",
        "El primero de los sondajes en busca de los 27 mineros se desvió varios metros y fue abandonado, informó el "
        "ministro de Minería. Los planos de la empresa no estaban actualizados. Los familiares recibieron la noticia "
        "con llanto en el campamento.",
    ),
    # Day 6
    (
        "2024-08-07T10:05",
        ALAMEDA,
        "La mina Santa Elvira acumulaba multas por falta de seguridad",
        "El yacimiento chileno en el que 27 hombres llevan seis días atrapados había sido multado 14 veces por "
        "deficiencias de seguridad y cerrado durante casi un año. La vía de escape que exigía la inspección nunca se "
        "terminó, denuncian los sindicatos.",
    ),
    (
        "2024-08-07T16:00",
        QUAI,
        "Mineurs bloqués au Chili : la société exploitante mise en cause",
        "La société qui exploite la mine de Santa Elvira, où 27 hommes sont prisonniers depuis près d'une semaine, "
        "avait été sanctionnée à plusieurs reprises pour manquement à la sécurité. L'échelle de secours prévue dans "
        "le puits d'aération n'a jamais été posée, accusent les syndicats.",
    ),
    # Day 7
    (
        "2024-08-08T12:45",
        HARBOR,
        "A week on, no sign of life from Chile's trapped miners",
        "Seven days after the collapse of the Santa Elvira mine, two drills have passed 1,000 feet but nothing has "
        "been heard from the 27 men below. Experts say that they could have survived if they reached the shelter, "
        "which holds water and food for two days.",
    ),
    (
        "2024-08-08T20:30",
        ELBTALER,
        "Eine Woche nach dem Einsturz: Kein Lebenszeichen aus der Mine Santa Elvira",
        "Die Bohrer haben 310 Meter erreicht, doch von den 27 verschütteten Bergleuten in Chile gibt es weiter kein "
        "Lebenszeichen. Die Hoffnung schwinde, räumte der Bergbauminister ein. Am Eingang der Mine beteten Angehörige "
        "gemeinsam mit einem Bischof.",
    ),
    # Day 8
    (
        "2024-08-09T14:10",
        DESIERTO,
        "Rescatistas creen haber oído golpes en Santa Elvira",
        "Los sensores introducidos en uno de los sondajes registraron esta madrugada golpes rítmicos que podrían "
        "venir de los mineros atrapados, dijo el jefe del rescate, que pidió prudencia. La perforadora está a 430 "
        "metros y le faltan 90 para llegar al refugio.",
    ),
    (
        "2024-08-09T19:20",
        MERIDIAN,
        "Tapping heard in Chile mine raises hopes for 27 men",
        "Microphones lowered into a borehole at the Santa Elvira copper mine have picked up what may be tapping, "
        "rescuers said on Friday, eight days after the tunnel caved in. The head of the operation cautioned that the "
        "noise might come from the rock itself.",
    ),
    # Day 9
    (
        "2024-08-10T17:00",
        DESIERTO,
        "¡Están vivos! Los 27 mineros de Santa Elvira envían un mensaje desde el refugio",
        "La sonda llegó este sábado al refugio y volvió a la superficie con un papel atado: «Estamos bien los 27». La "
        "noticia desató la euforia en el campamento, donde sonaron las bocinas y se cantó el himno. El Presidente "
        "leyó el mensaje ante las cámaras.",
    ),
    (
        "2024-08-10T18:10",
        HARBOR,
        "'All 27 of us are well': Trapped Chilean miners found alive after nine days",
        "A drill that broke through to a shelter deep in the Santa Elvira mine came back up on Saturday with a note "
        "taped to it: all 27 men are alive. Families wept and sang the national anthem. Getting the miners out, "
        "engineers warned, may still take weeks.",
    ),
    (
        "2024-08-10T19:30",
        ELBTALER,
        "Wunder in Chile: Alle 27 verschütteten Bergleute leben",
        "Neun Tage nach dem Einsturz der Mine Santa Elvira haben Retter Kontakt zu den Eingeschlossenen. An einem "
        "Bohrer war ein Zettel befestigt, dass alle 27 wohlauf seien. Bis zu ihrer Bergung könne es Wochen dauern, "
        "sagte der Bergbauminister.",
    ),
    # Day 10
    (
        "2024-08-11T13:15",
        QUAI,
        "Chili : de l'eau et du glucose pour les 27 mineurs retrouvés vivants",
        "Par un tube de la largeur d'une orange, les secouristes ont fait parvenir dimanche de l'eau, du glucose et "
        "des médicaments aux 27 mineurs de Santa Elvira, retrouvés vivants la veille. Ils ont survécu avec deux "
        "cuillerées de thon par jour.",
    ),
    (
        "2024-08-11T16:40",
        ALAMEDA,
        "Dos cucharadas de atún al día: así sobrevivieron los mineros chilenos",
        "Los 27 mineros de Santa Elvira racionaron las provisiones del refugio, bebieron agua de los radiadores de la "
        "maquinaria y se organizaron en turnos, según relataron por el teléfono que se les hizo llegar. Ya reciben "
        "suero y alimentos por el sondaje.",
    ),
    # Day 11
    (
        "2024-08-12T15:00",
        HARBOR,
        "First video shows trapped Chilean miners bearded but in good spirits",
        "Images sent up from the Santa Elvira mine show the 27 men shirtless in the heat, waving at the camera and "
        "greeting their families. They have lost weight, doctors said, and one of them has an infected tooth, but all "
        "can stand and walk.",
    ),
    (
        "2024-08-12T20:05",
        ELBTALER,
        "Erstes Video der eingeschlossenen Bergleute in Chile",
        "Abgemagert und bärtig, aber guter Dinge: Ein Video aus der Mine Santa Elvira zeigt erstmals die 27 "
        "Bergleute, die seit elf Tagen in 520 Metern Tiefe ausharren. Die Männer grüßten ihre Familien und zeigten "
        "ihren Schlafplatz.",
    ),
    # Day 12
    (
        "2024-08-13T12:30",
        DESIERTO,
        "Gobierno presenta el plan para sacar a los mineros: un ducto de 66 centímetros",
        "El ministro de Minería explicó que se ensanchará uno de los sondajes hasta los 66 centímetros para subir uno "
        "a uno a los 27 trabajadores de Santa Elvira en una cápsula de acero. Hay además un segundo plan con una "
        "máquina más rápida.",
    ),
    (
        "2024-08-13T17:45",
        MERIDIAN,
        "Steel capsule to lift Chile's 27 miners out one by one",
        "Engineers plan to widen a borehole and pull the men trapped at the Santa Elvira mine to the surface in a "
        "steel capsule built by the navy, the government said on Tuesday. A similar method has been used in smaller "
        "mine accidents.",
    ),
    # Day 13
    (
        "2024-08-14T14:20",
        ALAMEDA,
        "El dueño de Santa Elvira pide perdón ante el Congreso chileno",
        "Uno de los propietarios de la mina en la que siguen atrapados 27 trabajadores pidió perdón a las familias "
        "durante una comparecencia ante el Congreso y admitió que la empresa no podrá pagar los sueldos. Los "
        "diputados exigieron responsabilidades penales.",
    ),
    (
        "2024-08-14T18:00",
        DESIERTO,
        "Empresa de Santa Elvira no puede pagar los sueldos de los mineros atrapados",
        "La compañía reconoció en el Congreso que está al borde de la quiebra y que el Estado deberá hacerse cargo "
        "del rescate de los 27 trabajadores. El sindicato anunció una demanda.",
    ),
    # Day 14
    (
        "2024-08-15T13:40",
        HARBOR,
        "Big drill from Pennsylvania starts on escape shaft for Chile miners",
        "A drilling rig normally used for water wells began widening a hole toward the 27 men at the Santa Elvira "
        "mine on Thursday. Its crew of four flew in from Pennsylvania. If the bit holds, the shaft could reach the "
        "miners within a week.",
    ),
    (
        "2024-08-15T16:55",
        ELBTALER,
        "Chile: Spezialbohrer soll Rettungsschacht zu Bergleuten öffnen",
        "Mit einer Maschine aus den USA haben die Retter in Santa Elvira begonnen, einen Schacht von 66 Zentimetern "
        "Durchmesser zu bohren. Durch ihn sollen die 27 eingeschlossenen Bergleute in einer Kapsel nach oben gezogen "
        "werden.",
    ),
    # Day 15
    (
        "2024-08-16T11:50",
        QUAI,
        "Au fond de la mine chilienne, une vie réglée comme à bord d'un sous-marin",
        "Lumière artificielle pour marquer le jour et la nuit, gymnastique, lettres aux familles : des psychologues "
        "aident les 27 mineurs de Santa Elvira à tenir. Les cigarettes sont désormais autorisées, l'alcool non.",
    ),
    (
        "2024-08-16T19:15",
        DESIERTO,
        "Cartas y una boda prometida: los mensajes de los mineros de Santa Elvira",
        "Por la llamada paloma, el tubo que une el refugio con la superficie, bajan cada día decenas de cartas. Uno "
        "de los 27 mineros pidió matrimonio a su pareja. Los psicólogos leen la correspondencia, lo que molesta a "
        "algunas familias.",
    ),
    # Day 16
    (
        "2024-08-17T14:30",
        HARBOR,
        "Rescue shaft at Chile mine passes halfway mark",
        "The escape shaft being drilled toward 27 trapped miners has reached 870 feet, slightly more than half of the "
        "way, officials at Santa Elvira said on Saturday. A broken hammer had cost the crew most of Friday.",
    ),
    (
        "2024-08-17T18:25",
        ALAMEDA,
        "El pozo de rescate de los mineros chilenos supera la mitad del camino",
        "La perforadora ha alcanzado los 265 metros de los 520 que la separan de los 27 hombres de Santa Elvira, pese "
        "a la rotura de un martillo que paró los trabajos durante horas. El Gobierno mantiene que el rescate será "
        "esta misma semana.",
    ),
    # Day 17
    (
        "2024-08-18T15:35",
        DESIERTO,
        "Fiscalía allana las oficinas de la minera Santa Elvira",
        "La policía incautó computadores y planos en las oficinas de la empresa en Antofagasta, en la investigación "
        "por el derrumbe que mantiene a 27 mineros bajo tierra. La fiscalía indaga si los dueños ignoraron las "
        "advertencias de los trabajadores horas antes del accidente.",
    ),
    (
        "2024-08-18T20:00",
        ELBTALER,
        "Ermittler durchsuchen Büros des Betreibers der Unglücksmine in Chile",
        "Die chilenische Staatsanwaltschaft ermittelt gegen die Eigentümer der Mine Santa Elvira. Sie sollen "
        "Warnungen der Bergleute vor dem Einsturz nicht beachtet haben. Der Rettungsschacht zu den 27 "
        "Eingeschlossenen hat inzwischen 350 Meter erreicht.",
    ),
    # Day 18
    (
        "2024-08-19T12:10",
        DESIERTO,
        "La perforadora rompe en Santa Elvira: el ducto llegó a los mineros",
        "A las 8.05 de la mañana la máquina atravesó el techo del taller donde esperaban los 27 mineros. Sirenas y "
        "abrazos en el campamento. Ahora se revisará el ducto con una cámara para decidir si hace falta revestirlo.",
    ),
    (
        "2024-08-19T13:00",
        HARBOR,
        "Drill reaches trapped Chilean miners; lift could begin in two days",
        "The rescue shaft at the Santa Elvira mine broke through on Monday morning, 18 days after 27 men were "
        "trapped. Engineers will line the upper part with steel pipe before they lower the capsule.",
    ),
    (
        "2024-08-19T15:20",
        QUAI,
        "Chili : le puits de secours a atteint les 27 mineurs",
        "La foreuse a percé lundi matin le plafond de la galerie où attendent les 27 mineurs de Santa Elvira. Leur "
        "remontée, un par un, dans une capsule, pourrait commencer mercredi.",
    ),
    # Day 19
    (
        "2024-08-20T16:30",
        MERIDIAN,
        "Chile tests capsule that is to bring miners home",
        "An empty capsule went down the shaft at Santa Elvira and came back without a scratch on Tuesday. The order "
        "in which the 27 miners will leave has been decided: the strongest first, then the weakest, the shift foreman "
        "last.",
    ),
    (
        "2024-08-20T19:45",
        ELBTALER,
        "Vor der Rettung in Chile: Kapsel besteht den Test",
        "Die Rettungskapsel ist am Dienstag ohne Probleme durch den Schacht der Mine Santa Elvira gefahren. In der "
        "Nacht zu Mittwoch soll der erste der 27 Bergleute an die Oberfläche geholt werden. Jede Fahrt dauert etwa 20 "
        "Minuten.",
    ),
    # Day 20
    (
        "2024-08-21T13:30",
        DESIERTO,
        "Rescatados los 27 mineros de Santa Elvira tras veinte días bajo tierra",
        "El jefe de turno fue el último en salir de la cápsula, a las 9.12 de la mañana. Los 27 mineros atrapados "
        "desde el 1 de agosto están a salvo y fueron trasladados al hospital de Antofagasta. Todo el país siguió la "
        "operación por televisión.",
    ),
    (
        "2024-08-21T14:00",
        HARBOR,
        "All 27 Chilean miners are lifted to safety",
        "One by one, in a steel capsule hardly wider than their shoulders, the 27 men trapped in the Santa Elvira "
        "copper mine returned to the surface on Wednesday, 20 days after the cave-in. The president embraced the "
        "shift foreman, who was the last to leave.",
    ),
    (
        "2024-08-21T15:45",
        ELBTALER,
        "Alle 27 Bergleute in Chile gerettet",
        "Nach 20 Tagen unter Tage sind alle 27 Bergleute der Mine Santa Elvira wieder frei. Die Bergung mit der "
        "Kapsel dauerte knapp zehn Stunden. Die Männer tragen Sonnenbrillen, um ihre Augen zu schützen, und werden im "
        "Krankenhaus untersucht.",
    ),
)
"""A story that runs for 20 days, with two or three reports a day."""


SUMMIT_2023 = event(
    "summit2023",
    (
        "2023-06-14T18:30",
        ELBTALER,
        "Ostseegipfel in Riga: Staats- und Regierungschefs beraten über Energie und Sicherheit",
        "Die Staats- und Regierungschefs der Ostseestaaten kommen am Donnerstag in Riga zu ihrem jährlichen Gipfel "
        "zusammen. Im Mittelpunkt stehen der Ausbau der Windkraft auf See und der Schutz der Unterseekabel.",
    ),
    (
        "2023-06-15T12:00",
        HARBOR,
        "Baltic Sea leaders meet in Riga for annual summit on energy and security",
        "Leaders of the Baltic Sea states opened their annual summit in Riga on Thursday. Offshore wind power and the "
        "protection of undersea cables top the agenda, diplomats said. A joint declaration is expected on Friday.",
    ),
    (
        "2023-06-15T15:20",
        KURIER,
        "Szczyt Morza Bałtyckiego w Rydze: przywódcy o energetyce i bezpieczeństwie",
        "W Rydze rozpoczął się w czwartek doroczny szczyt państw Morza Bałtyckiego. Przywódcy rozmawiają o morskiej "
        "energetyce wiatrowej i ochronie kabli podmorskich. W piątek ma zostać przyjęta wspólna deklaracja.",
    ),
    (
        "2023-06-16T14:10",
        HARBOR,
        "Baltic Sea summit in Riga ends with pledge to expand offshore wind",
        "The Baltic Sea states will double their offshore wind capacity, their leaders declared at the end of a "
        "two-day summit in Riga on Friday. They also agreed to patrol undersea cables and pipelines together.",
    ),
    (
        "2023-06-16T16:00",
        ELBTALER,
        "Ostseegipfel in Riga endet mit Erklärung zur Windkraft",
        "Zum Abschluss ihres zweitägigen Gipfels in Riga haben die Ostseestaaten am Freitag beschlossen, die Leistung "
        "der Windparks auf See zu verdoppeln. Unterseekabel und Pipelines sollen gemeinsam überwacht werden.",
    ),
)
SUMMIT_2024 = event(
    "summit2024",
    (
        "2024-06-12T18:30",
        ELBTALER,
        "Ostseegipfel in Turku: Staats- und Regierungschefs beraten über Energie und Sicherheit",
        "Die Staats- und Regierungschefs der Ostseestaaten kommen am Donnerstag in Turku zu ihrem jährlichen Gipfel "
        "zusammen. Im Mittelpunkt stehen der Ausbau der Stromnetze und der Schutz der Unterseekabel.",
    ),
    (
        "2024-06-13T12:00",
        HARBOR,
        "Baltic Sea leaders meet in Turku for annual summit on energy and security",
        "Leaders of the Baltic Sea states opened their annual summit in Turku on Thursday. Power grids and the "
        "protection of undersea cables top the agenda, diplomats said. A joint declaration is expected on Friday.",
    ),
    (
        "2024-06-13T15:20",
        KURIER,
        "Szczyt Morza Bałtyckiego w Turku: przywódcy o energetyce i bezpieczeństwie",
        "W Turku rozpoczął się w czwartek doroczny szczyt państw Morza Bałtyckiego. Przywódcy rozmawiają o sieciach "
        "energetycznych i ochronie kabli podmorskich. W piątek ma zostać przyjęta wspólna deklaracja.",
    ),
    (
        "2024-06-14T14:10",
        HARBOR,
        "Baltic Sea summit in Turku ends with pledge to link power grids",
        "The Baltic Sea states will link their power grids more closely, their leaders declared at the end of a "
        "two-day summit in Turku on Friday. They also agreed to patrol undersea cables and pipelines together.",
    ),
    (
        "2024-06-14T16:00",
        ELBTALER,
        "Ostseegipfel in Turku endet mit Erklärung zu Stromnetzen",
        "Zum Abschluss ihres zweitägigen Gipfels in Turku haben die Ostseestaaten am Freitag beschlossen, ihre "
        "Stromnetze enger zu verbinden. Unterseekabel und Pipelines sollen gemeinsam überwacht werden.",
    ),
)
"""A yearly event, in nearly the same words."""


QUAKE_IN_PERU = event(
    "peru",
    (
        "2024-03-04T06:20",
        HARBOR,
        "Magnitude 6.3 earthquake strikes southern Peru, at least nine dead",
        "A magnitude 6.3 earthquake shook the Arequipa region of southern Peru early on Monday, killing at least nine "
        "people and damaging hundreds of houses. Rescuers are searching for survivors under the rubble in the town of "
        "Caravelí.",
    ),
    (
        "2024-03-04T08:00",
        ALAMEDA,
        "Un terremoto de magnitud 6,3 sacude el sur de Perú y deja al menos nueve muertos",
        "Un seísmo de magnitud 6,3 sacudió la madrugada del lunes la región peruana de Arequipa. Al menos nueve "
        "personas murieron y cientos de viviendas sufrieron daños. Los equipos de rescate buscan supervivientes entre "
        "los escombros en Caravelí.",
    ),
    (
        "2024-03-04T09:10",
        ELBTALER,
        "Erdbeben der Stärke 6,3 im Süden Perus: Mindestens neun Tote",
        "Bei einem Erdbeben der Stärke 6,3 sind in der Region Arequipa im Süden Perus am Montag mindestens neun "
        "Menschen ums Leben gekommen. Hunderte Häuser wurden beschädigt. In Caravelí suchen Helfer in den Trümmern "
        "nach Überlebenden.",
    ),
    (
        "2024-03-05T13:30",
        HARBOR,
        "Death toll of Peru earthquake rises to 17",
        "The number of people killed by Monday's earthquake in Arequipa, southern Peru, has risen to 17, the civil "
        "defense agency said on Tuesday. More than 2,000 people spent the night outdoors for fear of aftershocks.",
    ),
    (
        "2024-03-05T16:00",
        QUAI,
        "Séisme au Pérou : le bilan s'alourdit à 17 morts",
        "Le séisme de magnitude 6,3 qui a frappé lundi la région d'Arequipa, dans le sud du Pérou, a fait 17 morts, "
        "selon un nouveau bilan. Plus de 2 000 personnes ont passé la nuit dehors par crainte des répliques.",
    ),
)
QUAKE_IN_SULAWESI = event(
    "sulawesi",
    (
        "2024-03-08T03:45",
        HARBOR,
        "Magnitude 6.1 earthquake strikes Indonesia's Sulawesi, at least 11 dead",
        "A magnitude 6.1 earthquake shook the Indonesian island of Sulawesi early on Friday, killing at least 11 "
        "people and damaging hundreds of houses. Rescuers are searching for survivors under the rubble in the town of "
        "Mamuju.",
    ),
    (
        "2024-03-08T07:30",
        ALAMEDA,
        "Un terremoto de magnitud 6,1 sacude la isla indonesia de Célebes y deja al menos 11 muertos",
        "Un seísmo de magnitud 6,1 sacudió la madrugada del viernes la isla de Célebes, en Indonesia. Al menos 11 "
        "personas murieron y cientos de viviendas sufrieron daños. Los equipos de rescate buscan supervivientes entre "
        "los escombros en Mamuju.",
    ),
    (
        "2024-03-08T08:20",
        ELBTALER,
        "Erdbeben der Stärke 6,1 auf Sulawesi: Mindestens elf Tote",
        "Bei einem Erdbeben der Stärke 6,1 sind auf der indonesischen Insel Sulawesi am Freitag mindestens elf "
        "Menschen ums Leben gekommen. Hunderte Häuser wurden beschädigt. In Mamuju suchen Helfer in den Trümmern nach "
        "Überlebenden.",
    ),
    (
        "2024-03-09T12:15",
        HARBOR,
        "Death toll of Sulawesi earthquake rises to 23",
        "The number of people killed by Friday's earthquake on Sulawesi, Indonesia, has risen to 23, the disaster "
        "agency said on Saturday. More than 3,500 people spent the night outdoors for fear of aftershocks.",
    ),
    (
        "2024-03-09T15:40",
        QUAI,
        "Séisme en Indonésie : le bilan s'alourdit à 23 morts",
        "Le séisme de magnitude 6,1 qui a frappé vendredi l'île de Célèbes, en Indonésie, a fait 23 morts, selon un "
        "nouveau bilan. Plus de 3 500 personnes ont passé la nuit dehors par crainte des répliques.",
    ),
)
"""Two earthquakes within one week, reported by the same publishers in similar words."""


MATCH_DAYS_A_WEEK_APART = (
    event(
        "round12",
        (
            "2024-11-02T17:30",
            ELBTALER,
            "Regionalliga, 12. Spieltag: Lok Pirna schlägt Blau-Weiß Torgau 3:1",
            "Lok Pirna hat am 12. Spieltag der Regionalliga gegen Blau-Weiß Torgau mit 3:1 (1:0) gewonnen und bleibt "
            "Tabellenführer. Vor 4.200 Zuschauern traf der Kapitän kurz vor der Pause, nach dem Wechsel erhöhten die "
            "Gastgeber per Foulelfmeter.",
        ),
        (
            "2024-11-02T20:00",
            ALPEN,
            "Regionalliga: Lok Pirna bleibt nach dem 3:1 gegen Torgau an der Spitze",
            "Spitzenreiter Lok Pirna hat sich am Samstag keine Blöße gegeben und Blau-Weiß Torgau 3:1 besiegt. Der "
            "Vorsprung auf den Zweiten beträgt vier Punkte.",
        ),
        (
            "2024-11-03T18:10",
            ALAMEDA,
            "Jornada 12: el Atlético Lorca gana 2-0 al Deportivo Utrera y sigue segundo",
            "El Atlético Lorca venció 2-0 al Deportivo Utrera en la duodécima jornada de la liga con goles de su "
            "delantero centro en los minutos 23 y 71. El equipo murciano se mantiene segundo a dos puntos del líder.",
        ),
        (
            "2024-11-03T19:45",
            HARBOR,
            "Eastport Mariners beat Fall Creek 24-17 in Week 9",
            "The Eastport Mariners held off Fall Creek 24-17 on Sunday to improve to 6-3. The Mariners took the lead "
            "for good on a 12-yard run in the third quarter, and their defense stopped the visitors on fourth down "
            "with a minute left.",
        ),
    ),
    event(
        "round13",
        (
            "2024-11-09T17:30",
            ELBTALER,
            "Regionalliga, 13. Spieltag: Lok Pirna verliert bei Eintracht Stendal 0:2",
            "Lok Pirna hat am 13. Spieltag der Regionalliga bei Eintracht Stendal mit 0:2 (0:1) verloren, bleibt aber "
            "Tabellenführer. Vor 3.100 Zuschauern traf ein Mittelfeldspieler nach einer Ecke, nach dem Wechsel "
            "erhöhten die Gastgeber mit einem Konter.",
        ),
        (
            "2024-11-09T20:00",
            ALPEN,
            "Regionalliga: Lok Pirna bleibt trotz des 0:2 in Stendal an der Spitze",
            "Spitzenreiter Lok Pirna hat am Samstag bei Eintracht Stendal 0:2 verloren. Der Vorsprung auf den Zweiten "
            "beträgt nur noch einen Punkt.",
        ),
        (
            "2024-11-10T18:10",
            ALAMEDA,
            "Jornada 13: el Atlético Lorca empata 1-1 con el Racing Mieres y sigue segundo",
            "El Atlético Lorca empató 1-1 con el Racing Mieres en la decimotercera jornada de la liga con un gol de "
            "penalti en el minuto 88. El equipo murciano se mantiene segundo a tres puntos del líder.",
        ),
        (
            "2024-11-10T19:45",
            HARBOR,
            "Eastport Mariners beat Granite Falls 31-13 in Week 10",
            "The Eastport Mariners rolled past Granite Falls 31-13 on Sunday to improve to 7-3. The Mariners took the "
            "lead for good on a 40-yard pass in the second quarter, and their defense forced three turnovers.",
        ),
    ),
    event(
        "round14",
        (
            "2024-11-16T17:30",
            ELBTALER,
            "Regionalliga, 14. Spieltag: Lok Pirna schlägt VfB Grimma 2:0",
            "Lok Pirna hat am 14. Spieltag der Regionalliga gegen den VfB Grimma mit 2:0 (2:0) gewonnen und bleibt "
            "Tabellenführer. Vor 3.900 Zuschauern traf der Linksverteidiger früh, noch vor dem Wechsel erhöhten die "
            "Gastgeber per Kopfball.",
        ),
        (
            "2024-11-16T20:00",
            ALPEN,
            "Regionalliga: Lok Pirna baut die Führung nach dem 2:0 gegen Grimma aus",
            "Spitzenreiter Lok Pirna hat am Samstag den VfB Grimma 2:0 besiegt. Der Vorsprung auf den Zweiten beträgt "
            "wieder drei Punkte.",
        ),
        (
            "2024-11-17T18:10",
            ALAMEDA,
            "Jornada 14: el Atlético Lorca pierde 3-2 ante la UD Calahorra y cae al tercer puesto",
            "El Atlético Lorca perdió 3-2 ante la UD Calahorra en la decimocuarta jornada de la liga, pese a "
            "adelantarse dos veces en el marcador. El equipo murciano cae a la tercera plaza a seis puntos del líder.",
        ),
        (
            "2024-11-17T19:45",
            HARBOR,
            "Eastport Mariners lose to Bay City 20-10 in Week 11",
            "The Eastport Mariners fell to Bay City 20-10 on Sunday and dropped to 7-4. Bay City took the lead for "
            "good on a field goal in the fourth quarter, and a late interception ended the Mariners' last drive.",
        ),
    ),
)
"""Match days of leagues, always in the same pattern, a week apart."""

MATCH_DAYS_SOME_DAYS_APART = (
    event(
        "round15",
        (
            "2024-11-26T21:30",
            ELBTALER,
            "Regionalliga, 15. Spieltag: Lok Pirna schlägt Germania Wurzen 1:0",
            "Lok Pirna hat am 15. Spieltag der Regionalliga gegen Germania Wurzen mit 1:0 (0:0) gewonnen und bleibt "
            "Tabellenführer. Vor 2.800 Zuschauern traf ein eingewechselter Stürmer in der Nachspielzeit.",
        ),
        (
            "2024-11-26T22:15",
            ALAMEDA,
            "Jornada 15: el Atlético Lorca golea 4-0 al CD Tudela y recupera el segundo puesto",
            "El Atlético Lorca goleó 4-0 al CD Tudela en la decimoquinta jornada de la liga con dos tantos de su "
            "capitán. El equipo murciano vuelve a la segunda plaza a cinco puntos del líder.",
        ),
        (
            "2024-11-27T03:20",
            HARBOR,
            "Eastport Falcons beat Ridgeway 98-91 at home",
            "The Eastport Falcons beat Ridgeway 98-91 on Tuesday night for their third win in a row. The Falcons' "
            "point guard scored 27 points and had nine assists, and the home team led from the second quarter on.",
        ),
    ),
    event(
        "round16",
        (
            "2024-11-30T17:30",
            ELBTALER,
            "Regionalliga, 16. Spieltag: Lok Pirna spielt bei Motor Zeitz 2:2",
            "Lok Pirna hat am 16. Spieltag der Regionalliga bei Motor Zeitz 2:2 (1:2) gespielt und bleibt "
            "Tabellenführer. Vor 3.300 Zuschauern traf der Kapitän nach der Pause zum Ausgleich.",
        ),
        (
            "2024-11-30T20:40",
            ALAMEDA,
            "Jornada 16: el Atlético Lorca gana 1-0 al Real Tafalla y sigue segundo",
            "El Atlético Lorca venció 1-0 al Real Tafalla en la decimosexta jornada de la liga con un gol de falta en "
            "el minuto 54. El equipo murciano se mantiene segundo a cuatro puntos del líder.",
        ),
        (
            "2024-11-30T04:05",
            HARBOR,
            "Eastport Falcons beat Port Allen 105-88 at home",
            "The Eastport Falcons beat Port Allen 105-88 on Friday night for their fourth win in a row. The Falcons' "
            "center scored 31 points and had 12 rebounds, and the home team led from the first quarter on.",
        ),
    ),
    event(
        "round17",
        (
            "2024-12-03T21:30",
            ELBTALER,
            "Regionalliga, 17. Spieltag: Lok Pirna verliert gegen Chemie Coswig 1:2",
            "Lok Pirna hat am 17. Spieltag der Regionalliga gegen Chemie Coswig mit 1:2 (1:1) verloren und ist nicht "
            "mehr Tabellenführer. Vor 5.000 Zuschauern traf ein Verteidiger der Gäste kurz vor dem Ende.",
        ),
        (
            "2024-12-03T22:15",
            ALAMEDA,
            "Jornada 17: el Atlético Lorca pierde 2-1 ante el CF Igualada y se aleja del líder",
            "El Atlético Lorca perdió 2-1 ante el CF Igualada en la decimoséptima jornada de la liga, con un tanto en "
            "propia puerta. El equipo murciano sigue segundo, ahora a siete puntos del líder.",
        ),
        (
            "2024-12-04T03:20",
            HARBOR,
            "Eastport Falcons lose to Linden 112-109 in overtime",
            "The Eastport Falcons lost to Linden 112-109 in overtime on Tuesday night, ending a run of four wins. The "
            "Falcons' point guard scored 35 points but missed a three-pointer at the buzzer.",
        ),
    ),
)
"""The same three or four days apart."""


MARKET_REPORTS = (
    event(
        "market-en",
        (
            "2024-09-09T20:30",
            HARBOR,
            "Stocks close higher: Wall Street gains 0.8% as technology shares lead",
            "U.S. stocks closed higher on Monday, led by technology shares. The broad index rose 0.8% to 5,471 "
            "points. Chipmakers gained on hopes for strong orders. Oil rose 1.5% to $68.70 a barrel; the yield on "
            "10-year Treasury notes was little changed at 3.70%.",
        ),
        (
            "2024-09-10T20:30",
            HARBOR,
            "Stocks close lower: Wall Street loses 0.4% as bank shares fall",
            "U.S. stocks closed lower on Tuesday, dragged down by bank shares. The broad index fell 0.4% to 5,449 "
            "points. A large lender warned of weaker interest income. Oil fell 4.3% to $65.75 a barrel; the yield on "
            "10-year Treasury notes slipped to 3.64%.",
        ),
        (
            "2024-09-11T20:30",
            HARBOR,
            "Stocks close higher: Wall Street gains 1.1% after inflation data",
            "U.S. stocks closed higher on Wednesday after inflation slowed as expected. The broad index rose 1.1% to "
            "5,509 points. Homebuilders gained on falling mortgage rates. Oil rose 2.4% to $67.31 a barrel; the yield "
            "on 10-year Treasury notes rose to 3.66%.",
        ),
    ),
    event(
        "market-de",
        (
            "2024-09-09T16:00",
            ELBTALER,
            "Börse Frankfurt: Dax schließt 0,7 Prozent im Plus",
            "Der deutsche Aktienmarkt hat am Montag zugelegt. Der Leitindex schloss 0,7 Prozent höher bei 18.432 "
            "Punkten. Gefragt waren Autowerte. Der Euro kostete am Abend 1,1040 Dollar.",
        ),
        (
            "2024-09-10T16:00",
            ELBTALER,
            "Börse Frankfurt: Dax schließt 0,9 Prozent im Minus",
            "Der deutsche Aktienmarkt hat am Dienstag nachgegeben. Der Leitindex schloss 0,9 Prozent tiefer bei "
            "18.266 Punkten. Verkauft wurden nach einer Gewinnwarnung vor allem Autowerte. Der Euro kostete am Abend "
            "1,1022 Dollar.",
        ),
        (
            "2024-09-11T16:00",
            ELBTALER,
            "Börse Frankfurt: Dax schließt 0,3 Prozent im Plus",
            "Der deutsche Aktienmarkt hat am Mittwoch zugelegt. Der Leitindex schloss 0,3 Prozent höher bei 18.321 "
            "Punkten. Gefragt waren Versorger. Der Euro kostete am Abend 1,1011 Dollar.",
        ),
    ),
    event(
        "market-es",
        (
            "2024-09-09T16:15",
            ALAMEDA,
            "La Bolsa española cierra con una subida del 0,9 % impulsada por la banca",
            "El selectivo de la Bolsa española subió este lunes un 0,9 % y cerró en 11.276 puntos. La banca lideró "
            "los avances y solo cinco valores terminaron en rojo. La prima de riesgo se situó en 81 puntos básicos.",
        ),
        (
            "2024-09-10T16:15",
            ALAMEDA,
            "La Bolsa española cierra con una caída del 0,6 % lastrada por las energéticas",
            "El selectivo de la Bolsa española bajó este martes un 0,6 % y cerró en 11.208 puntos. Las energéticas "
            "lideraron los retrocesos por el desplome del crudo. La prima de riesgo se situó en 82 puntos básicos.",
        ),
        (
            "2024-09-11T16:15",
            ALAMEDA,
            "La Bolsa española cierra con una subida del 0,1 % a la espera del BCE",
            "El selectivo de la Bolsa española subió este miércoles un 0,1 % y cerró en 11.221 puntos. Los inversores "
            "esperan la decisión de tipos del jueves. La prima de riesgo se situó en 80 puntos básicos.",
        ),
    ),
)
"""What one publisher writes every evening, of another day each time."""


PORT_STRIKE = event(
    "strike",
    (
        "2024-10-07T06:10",
        HARBOR,
        "Dockworkers walk out at Rotterdam, Europe's largest port",
        "Thousands of dockworkers in Rotterdam began an open-ended strike on Monday over pay and early retirement. "
        "Container terminals at Europe's largest port were at a standstill, and ships queued off the Dutch coast.",
    ),
    (
        "2024-10-07T09:30",
        ELBTALER,
        "Hafenarbeiter in Rotterdam treten in unbefristeten Streik",
        "In Rotterdam haben Tausende Hafenarbeiter am Montag die Arbeit niedergelegt. Sie fordern mehr Lohn und einen "
        "früheren Ruhestand. An den Containerterminals des größten Hafens Europas ruht der Betrieb, vor der "
        "niederländischen Küste stauen sich die Schiffe.",
    ),
    (
        "2024-10-07T11:00",
        QUAI,
        "Rotterdam : grève illimitée des dockers dans le premier port d'Europe",
        "Des milliers de dockers ont cessé le travail lundi à Rotterdam pour réclamer des hausses de salaire et des "
        "départs anticipés à la retraite. Les terminaux à conteneurs sont à l'arrêt et les navires patientent au "
        "large des côtes néerlandaises.",
    ),
    (
        "2024-10-09T08:40",
        HARBOR,
        "Rotterdam port strike enters third day as talks stall",
        "More than 40 container ships were waiting off Rotterdam on Wednesday as a strike of dockworkers went into "
        "its third day. The union rejected an offer of 6% by the terminal operators and called for talks with the "
        "minister.",
    ),
    (
        "2024-10-12T14:20",
        ELBTALER,
        "Streik im Hafen Rotterdam: Gewerkschaft und Terminalbetreiber verhandeln wieder",
        "Am sechsten Tag des Streiks der Hafenarbeiter in Rotterdam sitzen Gewerkschaft und Betreiber der "
        "Containerterminals wieder an einem Tisch. Mehr als 60 Schiffe warten auf Abfertigung.",
    ),
    (
        "2024-10-14T17:00",
        QUAI,
        "Port de Rotterdam : accord en vue, les dockers pourraient reprendre le travail",
        "Après une semaine de grève, le syndicat des dockers de Rotterdam a annoncé lundi soir un accord de principe "
        "avec les exploitants des terminaux. Les salariés se prononceront mercredi sur la reprise du travail.",
    ),
)
FLOOD = event(
    "flood",
    (
        "2024-10-08T05:30",
        ALAMEDA,
        "Las inundaciones en Eslovenia dejan seis muertos y obligan a evacuar a miles de personas",
        "Las lluvias torrenciales de la noche desbordaron el río Savinja en Eslovenia. Al menos seis personas "
        "murieron y miles fueron evacuadas en Celje y Laško. El Gobierno ha pedido ayuda a la Unión Europea.",
    ),
    (
        "2024-10-08T07:15",
        HARBOR,
        "Floods in Slovenia kill six and force thousands from their homes",
        "Torrential rain made the Savinja river burst its banks in Slovenia overnight, killing at least six people. "
        "Thousands were evacuated in Celje and Laško, and the government asked the European Union for help.",
    ),
    (
        "2024-10-08T10:45",
        ALPEN,
        "Hochwasser in Slowenien: Sechs Tote, Tausende in Sicherheit gebracht",
        "Nach heftigem Regen ist in Slowenien in der Nacht der Fluss Savinja über die Ufer getreten. Mindestens sechs "
        "Menschen starben, in Celje und Laško wurden Tausende in Sicherheit gebracht. Österreich schickt Pumpen und "
        "Hubschrauber.",
    ),
    (
        "2024-10-10T12:00",
        HARBOR,
        "Slovenia counts the cost as flood waters recede",
        "As the Savinja river falls, Slovenia is counting the damage of this week's floods: nine people dead, 400 "
        "homes destroyed and the railway through the valley washed away in a dozen places.",
    ),
    (
        "2024-10-12T16:30",
        ALPEN,
        "Nach dem Hochwasser in Slowenien: Aufräumen im Savinja-Tal",
        "Im Tal der Savinja in Slowenien schaufeln Freiwillige den Schlamm aus den Häusern. Neun Menschen kamen beim "
        "Hochwasser ums Leben, 400 Häuser sind zerstört. Die EU hat erste Hilfsgelder freigegeben.",
    ),
    (
        "2024-10-14T09:50",
        ALAMEDA,
        "Bruselas libera 100 millones de euros para las zonas inundadas de Eslovenia",
        "La Comisión Europea ha aprobado un anticipo de 100 millones de euros para reparar los daños de las "
        "inundaciones que causaron nueve muertos la semana pasada en el valle del Savinja, en Eslovenia.",
    ),
)
BRIDGES = event(
    "bridge",
    (
        "2024-10-09T18:00",
        HARBOR,
        "Europe's bad week: Floods in Slovenia, and a strike that chokes Rotterdam",
        "Six people died when the Savinja river flooded Celje and Laško in Slovenia on Tuesday. Meanwhile more than "
        "40 container ships wait off Rotterdam, where dockworkers have been on strike since Monday over pay. Shippers "
        "fear that trains diverted from the flooded Slovenian line will find no vessels at the Dutch port.",
    ),
    (
        "2024-10-13T08:00",
        ELBTALER,
        "Die Woche in Europa: Hochwasser in Slowenien, Streik in Rotterdam",
        "Neun Tote und 400 zerstörte Häuser: Das Hochwasser der Savinja hat Slowenien schwer getroffen. In Rotterdam "
        "legt der Streik der Hafenarbeiter den größten Hafen Europas lahm, mehr als 60 Schiffe warten. Ein Rückblick.",
    ),
)
"""Two events, and articles that tell of both."""
