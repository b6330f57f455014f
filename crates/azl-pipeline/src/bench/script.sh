# Works for some milliseconds, then leaves a line that depends on the inputs alone. Run by dash, without any other program.
i=0
while [ "$i" -lt 15000 ]; do i=$((i + 1)); done
line=$1
for file in /in/needs/*/* /in/needs/*; do
    if [ -f "$file" ] && read -r needed <"$file"; then line="$line($needed)"; fi
done
printf '%s\n' "$line" >"/out/$1"
