#include "embedded.h"
#include "text.h"

static const struct Text texts[] = {
    {"report.html", (const unsigned char[]){
#embed "../Study/Page/Files/report.html" suffix(, 0)
    }},
    {"figure.html", (const unsigned char[]){
#embed "../Study/Page/Files/figure.html" suffix(, 0)
    }},
    {"picture.html", (const unsigned char[]){
#embed "../Study/Page/Files/picture.html" suffix(, 0)
    }},
    {"table.html", (const unsigned char[]){
#embed "../Study/Page/Files/table.html" suffix(, 0)
    }},
    {"explorer.html", (const unsigned char[]){
#embed "../Study/Page/Files/explorer.html" suffix(, 0)
    }},
    {"report.css", (const unsigned char[]){
#embed "../Study/Page/Files/report.css" suffix(, 0)
    }},
    {"decoder.js", (const unsigned char[]){
#embed "../Study/Page/Files/decoder.js" suffix(, 0)
    }},
    {"map.js", (const unsigned char[]){
#embed "../Study/Page/Files/map.js" suffix(, 0)
    }},
    {"explorer.js", (const unsigned char[]){
#embed "../Study/Page/Files/explorer.js" suffix(, 0)
    }},
    {"report.js", (const unsigned char[]){
#embed "../Study/Page/Files/report.js" suffix(, 0)
    }},
    {"theme.css", (const unsigned char[]){
#embed "../Study/Page/Files/theme.css" suffix(, 0)
    }},
    {"live.html", (const unsigned char[]){
#embed "../LivePage/Page/live.html" suffix(, 0)
    }},
    {"live.css", (const unsigned char[]){
#embed "../LivePage/Page/live.css" suffix(, 0)
    }},
    {"live-chart.js", (const unsigned char[]){
#embed "../LivePage/Page/live-chart.js" suffix(, 0)
    }},
    {"live-table.js", (const unsigned char[]){
#embed "../LivePage/Page/live-table.js" suffix(, 0)
    }},
    {"live-run.js", (const unsigned char[]){
#embed "../LivePage/Page/live-run.js" suffix(, 0)
    }},
    {"live-search.js", (const unsigned char[]){
#embed "../LivePage/Page/live-search.js" suffix(, 0)
    }},
    {"live.js", (const unsigned char[]){
#embed "../LivePage/Page/live.js" suffix(, 0)
    }},
    {"icon.svg", (const unsigned char[]){
#embed "../LivePage/Page/icon.svg" suffix(, 0)
    }},
    {NULL, NULL},
};

const char *facsimile_page(const char *file) { return find(texts, file); }
