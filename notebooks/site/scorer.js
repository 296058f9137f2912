/* How search weighs what it finds: a short answer before a page that only has the words, the changelog last. */
var Scorer = {
  score: ([page, , , , score]) => score + (page.startsWith("how_to/") ? 12 : page === "about/changelog" ? -20 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
