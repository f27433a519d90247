"""First names, surnames and street names by culture, and how each culture writes an address."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Culture:
    """Comma separated name lists; in the address `{s}` is the street and `{n}` the number."""

    female: str
    male: str
    surnames: str
    streets: str
    address: str
    flat: str = "{a}"  # around the address `{a}` of those who live in flat `{f}`


ENGLISH = Culture(
    "Abigail, Alice, Amelia, Anna, Audrey, Ava, Beth, Caroline, Charlotte, Chloe, Claire, Daisy, Diana, "
    "Eleanor, Ella, Emily, Emma, Erin, Evelyn, Fiona, Frances, Georgia, Grace, Hannah, Hazel, Heather, "
    "Holly, Isla, Ivy, Jane, Jessica, Joan, Julia, June, Karen, Kate, Laura, Leah, Lily, Lucy, Mabel, "
    "Margaret, Mary, Megan, Molly, Naomi, Nora, Olivia, Phoebe, Rachel, Rebecca, Rose, Ruby, Ruth, Sarah, "
    "Sophie, Stella, Tessa, Violet, Zoe",
    "Aaron, Adam, Alan, Alex, Andrew, Anthony, Arthur, Ben, Blake, Brian, Caleb, Charles, Christopher, "
    "Colin, Daniel, David, Dylan, Edward, Eric, Ethan, Felix, Frank, George, Graham, Grant, Harry, Henry, "
    "Hugh, Ian, Isaac, Jack, Jacob, James, Jason, Joel, John, Joseph, Kevin, Kyle, Leo, Liam, Louis, "
    "Luke, Mark, Martin, Matthew, Max, Nathan, Noah, Oliver, Oscar, Owen, Patrick, Paul, Peter, Ryan, "
    "Samuel, Scott, Thomas, William",
    "Adams, Allen, Anderson, Armstrong, Bailey, Baker, Barnes, Bennett, Brooks, Brown, Burke, Butler, "
    "Campbell, Carter, Chapman, Clark, Cole, Collins, Cook, Cooper, Cox, Davies, Davis, Dixon, Edwards, "
    "Ellis, Evans, Fisher, Fletcher, Foster, Fox, Gibson, Graham, Gray, Green, Griffin, Hall, Hamilton, "
    "Harris, Harrison, Hayes, Hill, Holmes, Howard, Hudson, Hughes, Hunt, Jackson, James, Jenkins, "
    "Johnson, Jones, Kelly, King, Knight, Lewis, Marshall, Mason, Miller, Mitchell, Moore, Morgan, "
    "Morris, Murphy, Nelson, O'Brien, O'Connor, Palmer, Parker, Perry, Phillips, Powell, Price, Reed, "
    "Reynolds, Richards, Roberts, Robinson, Rogers, Ross, Russell, Scott, Shaw, Simpson, Smith, Spencer, "
    "Stevens, Stone, Taylor, Thomas, Thompson, Turner, Walker, Wallace, Ward, Watson, Webb, West, White, "
    "Williams, Wilson, Wood, Wright, Young",
    "Maple Avenue, Oak Street, Cedar Lane, Park Road, Lake Drive, Hill Street, Church Lane, Mill Road, "
    "Station Road, Elm Street, Willow Court, River Road, Orchard Way, Chestnut Street, Meadow Lane, "
    "Garden Terrace, Spring Street, Victoria Road, Highland Avenue, Sunset Drive, Market Street, "
    "Bridge Street",
    "{n} {s}",
    "{a}, Apt {f}",
)

GERMAN = Culture(
    "Anja, Anna, Antonia, Birgit, Charlotte, Clara, Emma, Eva, Franziska, Frieda, Greta, Hanna, Heike, "
    "Ida, Jana, Johanna, Julia, Jule, Katharina, Kerstin, Lea, Lena, Lina, Lotte, Luise, Marie, Martina, "
    "Mathilda, Mia, Nele, Paula, Petra, Sabine, Sophie, Stefanie, Theresa, Ute",
    "Alexander, Andreas, Anton, Ben, Bernd, Christian, Elias, Emil, Felix, Finn, Florian, Friedrich, "
    "Georg, Hannes, Jakob, Jan, Jonas, Jürgen, Karl, Klaus, Leon, Lukas, Maximilian, Markus, Matthias, "
    "Michael, Moritz, Niklas, Oskar, Paul, Philipp, Sebastian, Stefan, Thomas, Uwe, Wolfgang",
    "Bauer, Baumann, Beck, Becker, Berger, Böhm, Braun, Fischer, Frank, Franke, Fuchs, Graf, Groß, "
    "Günther, Haas, Hahn, Hartmann, Herrmann, Hoffmann, Huber, Jung, Kaiser, Keller, Klein, Koch, König, "
    "Krause, Krüger, Kuhn, Lang, Lehmann, Maier, Meyer, Möller, Müller, Neumann, Peters, Pfeiffer, "
    "Richter, Roth, Sauer, Schäfer, Schmidt, Schneider, Scholz, Schröder, Schulz, Schwarz, Seidel, Simon, "
    "Vogel, Vogt, Wagner, Walter, Weber, Werner, Winkler, Wolf, Ziegler, Zimmermann",
    "Lindenstraße, Gartenstraße, Bahnhofstraße, Schulstraße, Bergstraße, Goethestraße, Schillerstraße, "
    "Birkenweg, Kirchgasse, Mühlenweg, Rosenweg, Am Markt, Hauptstraße, Waldstraße, Ringstraße, "
    "Uhlandstraße",
    "{s} {n}",
)

FRENCH = Culture(
    "Adèle, Agathe, Alice, Amélie, Anaïs, Camille, Céline, Chloé, Claire, Élise, Élodie, Emma, Estelle, "
    "Florence, Hélène, Inès, Jeanne, Julie, Juliette, Léa, Louise, Lucie, Manon, Margaux, Marie, "
    "Mathilde, Nathalie, Océane, Pauline, Sandrine, Sylvie, Valérie, Zoé",
    "Adrien, Alexandre, Antoine, Arthur, Baptiste, Benoît, Clément, Damien, Étienne, Fabien, François, "
    "Gabriel, Guillaume, Hugo, Jérôme, Jules, Julien, Laurent, Léo, Louis, Lucas, Mathieu, Maxime, "
    "Nicolas, Olivier, Pascal, Paul, Philippe, Pierre, Rémi, Romain, Théo, Thomas, Vincent, Xavier",
    "André, Aubert, Bernard, Bertrand, Blanc, Bonnet, Boyer, Brun, Chevalier, Clément, David, Dubois, "
    "Dufour, Dupont, Durand, Faure, Fontaine, Fournier, François, Garnier, Gauthier, Girard, Guérin, "
    "Lambert, Laurent, Leclerc, Lefèvre, Legrand, Lemaire, Leroy, Marchand, Martin, Masson, Mercier, "
    "Michel, Moreau, Morel, Morin, Nicolas, Perrin, Petit, Renard, Richard, Robert, Roche, Rousseau, "
    "Roux, Simon, Thomas, Vidal, Vincent",
    "rue des Lilas, rue de la Gare, rue Pasteur, avenue Victor Hugo, rue du Moulin, place du Marché, "
    "boulevard Voltaire, rue des Écoles, rue de l'Église, allée des Tilleuls, rue Molière, quai des Fleurs",
    "{n} {s}",
    "{a}, appt. {f}",
)

SPANISH = Culture(
    "Adriana, Alba, Alejandra, Alicia, Ana, Andrea, Beatriz, Carla, Carmen, Carolina, Clara, Claudia, "
    "Cristina, Elena, Eva, Gabriela, Inés, Irene, Isabel, Julia, Laura, Lucía, Luisa, María, Marta, "
    "Mónica, Natalia, Nuria, Paula, Raquel, Rosa, Sara, Silvia, Sofía, Valentina, Verónica, Ximena",
    "Adrián, Alberto, Alejandro, Álvaro, Andrés, Ángel, Antonio, Carlos, Daniel, David, Diego, Eduardo, "
    "Emilio, Enrique, Fernando, Francisco, Gabriel, Gonzalo, Hugo, Ignacio, Iván, Javier, Jorge, José, "
    "Juan, Luis, Manuel, Mario, Martín, Mateo, Miguel, Pablo, Pedro, Rafael, Ramón, Raúl, Ricardo, "
    "Rodrigo, Sergio, Víctor",
    "Aguilar, Álvarez, Blanco, Cabrera, Calvo, Campos, Castillo, Castro, Cortés, Cruz, Delgado, Díaz, "
    "Domínguez, Fernández, Flores, Fuentes, García, Garrido, Gil, Gómez, González, Guerrero, Gutiérrez, "
    "Hernández, Herrera, Iglesias, Jiménez, León, López, Marín, Márquez, Martínez, Medina, Méndez, "
    "Molina, Morales, Moreno, Muñoz, Navarro, Núñez, Ortega, Ortiz, Peña, Pérez, Ramírez, Ramos, Reyes, "
    "Rivera, Rodríguez, Rojas, Romero, Rubio, Ruiz, Sánchez, Santos, Serrano, Soto, Suárez, Torres, "
    "Vargas, Vázquez, Vega",
    "Calle Mayor, Calle del Sol, Calle Real, Avenida de la Paz, Calle Cervantes, Paseo del Parque, "
    "Calle Nueva, Calle San Juan, Avenida Juárez, Calle de la Rosa, Plaza de España, Calle Hidalgo, "
    "Camino Viejo",
    "{s} {n}",
    "{a}, {f}º B",
)

PORTUGUESE = Culture(
    "Adriana, Alice, Aline, Amanda, Ana, Beatriz, Bianca, Bruna, Camila, Carla, Cecília, Clara, Daniela, "
    "Débora, Eduarda, Fernanda, Gabriela, Helena, Isabela, Jéssica, Joana, Júlia, Juliana, Larissa, "
    "Letícia, Luana, Luísa, Manuela, Mariana, Natália, Patrícia, Rafaela, Renata, Sofia, Tatiana, Vitória",
    "Adriano, Alexandre, André, Antônio, Arthur, Bernardo, Bruno, Caio, Carlos, Daniel, Diego, Eduardo, "
    "Felipe, Fernando, Francisco, Gabriel, Guilherme, Gustavo, Heitor, Henrique, Igor, João, José, "
    "Leandro, Leonardo, Lucas, Luiz, Marcelo, Mateus, Miguel, Murilo, Otávio, Paulo, Pedro, Rafael, "
    "Renato, Rodrigo, Thiago, Vinícius, Vítor",
    "Almeida, Alves, Andrade, Araújo, Azevedo, Barbosa, Barros, Batista, Borges, Campos, Cardoso, "
    "Carvalho, Castro, Cavalcanti, Correia, Costa, Cunha, Dias, Duarte, Farias, Fernandes, Ferreira, "
    "Fonseca, Freitas, Gomes, Gonçalves, Lima, Lopes, Machado, Marques, Martins, Melo, Mendes, Monteiro, "
    "Moraes, Moreira, Moura, Nascimento, Nogueira, Nunes, Oliveira, Pereira, Pinto, Ramos, Rezende, "
    "Ribeiro, Rocha, Rodrigues, Santana, Santos, Silva, Soares, Souza, Tavares, Teixeira, Vieira",
    "Rua das Flores, Rua São José, Avenida Brasil, Rua do Comércio, Rua Quinze de Novembro, "
    "Avenida Atlântica, Rua das Palmeiras, Rua Santos Dumont, Travessa do Sol, Alameda dos Anjos, "
    "Rua da Praia, Rua Boa Vista",
    "{s}, {n}",
    "{a} - Apto {f}",
)

ITALIAN = Culture(
    "Alessia, Alice, Anna, Arianna, Aurora, Beatrice, Bianca, Camilla, Caterina, Chiara, Claudia, "
    "Cristina, Elena, Eleonora, Elisa, Emma, Federica, Francesca, Giada, Ginevra, Giorgia, Giulia, Greta, "
    "Ilaria, Laura, Lucia, Marta, Martina, Noemi, Paola, Roberta, Sara, Silvia, Sofia, Valentina, Viola",
    "Alberto, Alessandro, Andrea, Antonio, Claudio, Dario, Davide, Diego, Edoardo, Emanuele, Enrico, "
    "Fabio, Federico, Filippo, Francesco, Gabriele, Giacomo, Gianluca, Giorgio, Giovanni, Giuseppe, "
    "Leonardo, Lorenzo, Luca, Marco, Matteo, Michele, Nicola, Paolo, Pietro, Riccardo, Roberto, Simone, "
    "Stefano, Tommaso, Vincenzo",
    "Barbieri, Basile, Bellini, Benedetti, Bianchi, Bruno, Caputo, Caruso, Colombo, Conti, Costa, "
    "D'Angelo, De Luca, De Santis, Esposito, Fabbri, Farina, Ferrara, Ferrari, Ferri, Fontana, Galli, "
    "Gallo, Gatti, Gentile, Giordano, Grassi, Greco, Leone, Lombardi, Longo, Mancini, Marchetti, Mariani, "
    "Marino, Martini, Mazza, Messina, Monti, Moretti, Neri, Palumbo, Parisi, Pellegrini, Ricci, Rinaldi, "
    "Rizzo, Romano, Rossetti, Rossi, Russo, Sala, Santoro, Serra, Silvestri, Testa, Valentini, Villa, "
    "Vitale",
    "Via Roma, Via Garibaldi, Via Dante, Via Verdi, Corso Italia, Via Mazzini, Piazza del Duomo, "
    "Via della Libertà, Viale dei Pini, Via Manzoni, Via San Marco, Vicolo Stretto",
    "{s} {n}",
    "{a}, int. {f}",
)

DUTCH = Culture(
    "Anna, Anouk, Emma, Eva, Femke, Fleur, Hanneke, Ilse, Iris, Julia, Lieke, Lisa, Lotte, Maaike, "
    "Marieke, Marit, Nienke, Noor, Roos, Sanne, Saskia, Sofie, Tess, Wilma",
    "Bart, Bas, Bram, Daan, Dirk, Finn, Gijs, Hendrik, Jan, Jasper, Jeroen, Joost, Koen, Lars, Luuk, "
    "Maarten, Niels, Pieter, Ruben, Sander, Sem, Sven, Thijs, Tim, Wouter",
    "Bakker, Boer, Bos, Brouwer, de Boer, de Bruin, de Groot, de Jong, de Vries, de Wit, Dekker, "
    "Dijkstra, Hendriks, Hoekstra, Jacobs, Jansen, Koster, Kuiper, Meijer, Mulder, Peters, Prins, "
    "Schouten, Smit, Timmermans, van Dam, van den Berg, van der Meer, van Dijk, van Leeuwen, Verhoeven, "
    "Vermeulen, Visser, Willems",
    "Kerkstraat, Dorpsstraat, Molenweg, Stationsweg, Prinsengracht, Beukenlaan, Schoolstraat, "
    "Julianalaan, Wilhelminastraat, Eikenlaan, Oude Gracht",
    "{s} {n}",
    "{a}-{f}",
)

JAPANESE = Culture(
    "Ai, Akane, Akiko, Asuka, Aya, Chihiro, Emi, Hana, Haruka, Hina, Honoka, Kaori, Keiko, Kumiko, Mai, "
    "Mao, Mayumi, Megumi, Mika, Miku, Misaki, Miyu, Nanami, Naoko, Rika, Rin, Sakura, Saki, Shiori, "
    "Tomoko, Yui, Yuka, Yuki, Yuna",
    "Akira, Daichi, Daiki, Eiji, Haruto, Hayato, Hideki, Hiroshi, Hiroto, Ichiro, Jun, Kaito, Kazuki, "
    "Keita, Kenji, Kenta, Kohei, Makoto, Minato, Naoki, Osamu, Ren, Riku, Ryo, Satoshi, Shota, Sora, "
    "Sota, Takashi, Takumi, Tsubasa, Yamato, Yuta, Yuto",
    "Abe, Aoki, Arai, Endo, Fujii, Fujita, Fukuda, Goto, Hara, Harada, Hasegawa, Hashimoto, Hayashi, "
    "Ikeda, Imai, Inoue, Ishida, Ishii, Ito, Kaneko, Kato, Kikuchi, Kimura, Kobayashi, Kondo, Maeda, "
    "Matsuda, Matsumoto, Miura, Mori, Murakami, Nakagawa, Nakajima, Nakamura, Nakano, Nishimura, Ogawa, "
    "Okada, Ono, Ota, Saito, Sakai, Sakamoto, Sasaki, Sato, Shibata, Shimizu, Suzuki, Takagi, Takahashi, "
    "Takeuchi, Tamura, Tanaka, Ueda, Wada, Watanabe, Yamada, Yamaguchi, Yamamoto, Yamazaki, Yokoyama, "
    "Yoshida",
    "Sakuradai, Midorigaoka, Asahicho, Honcho, Higashicho, Nishimachi, Minamicho, Kitamachi, Matsubara, "
    "Izumi, Hikarigaoka, Umegaoka",
    "{f}-{n} {s}",
)

INDIAN = Culture(
    "Aditi, Aishwarya, Ananya, Anika, Anjali, Deepa, Diya, Divya, Isha, Kavya, Kiran, Lakshmi, Meera, "
    "Nandini, Neha, Nisha, Pooja, Priya, Radhika, Riya, Saanvi, Shreya, Sneha, Sunita, Tara, Vidya",
    "Aarav, Aditya, Ajay, Akash, Amit, Anil, Arjun, Ashok, Deepak, Dev, Gaurav, Harsh, Karan, Krishna, "
    "Manish, Mohan, Nikhil, Pranav, Rahul, Raj, Rohan, Sachin, Sanjay, Suresh, Varun, Vikram, Vivek",
    "Agarwal, Banerjee, Bhat, Chatterjee, Chopra, Das, Desai, Gupta, Iyer, Jain, Joshi, Kapoor, Kaur, "
    "Khanna, Kulkarni, Kumar, Malhotra, Mehta, Menon, Mishra, Mukherjee, Nair, Patel, Pillai, Rao, Reddy, "
    "Sen, Shah, Sharma, Singh, Sinha, Srinivasan, Trivedi, Varma, Verma",
    "MG Road, Station Road, Gandhi Nagar, Nehru Street, Park Street, Temple Road, Lake View Road, "
    "Church Street, Ring Road, Brigade Road",
    "{n} {s}",
    "Flat {f}, {a}",
)

CULTURES = {
    "english": ENGLISH,
    "german": GERMAN,
    "french": FRENCH,
    "spanish": SPANISH,
    "portuguese": PORTUGUESE,
    "italian": ITALIAN,
    "dutch": DUTCH,
    "japanese": JAPANESE,
    "indian": INDIAN,
}
