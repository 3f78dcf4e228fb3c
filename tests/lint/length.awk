# tests/lint/length.awk -- names functions and files that no longer fit a screen or a mind.
#
# A function runs from the line after which only '{' stands in the first column to its '}'.
FNR == 1 { if (name != "" && lines > max_file) print name ": " lines " lines, at most " max_file
           name = FILENAME; start = 0 }
{ lines = FNR }
/^[a-zA-Z_].*\(/ { heading = FNR; title = $0 }
/^{/ { start = heading > 0 ? heading : FNR }
/^}/ {
    if (start > 0 && FNR - start + 1 > max_function && title ~ /\(/)
        print FILENAME ":" start ": " FNR - start + 1 " lines, at most " max_function ": " title
    start = 0; heading = 0
}
END { if (lines > max_file) print name ": " lines " lines, at most " max_file }
