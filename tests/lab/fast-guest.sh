#!/bin/sh
# fast-guest.sh OUT: makes OUT, a tar archive of a guest that boots in seconds even where a guest's instructions are
# emulated: static busybox, and dropbear as its SSH server. The keys come from the seed.
set -eu
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/debs" "$work/root"
cd "$work/debs"
chmod 0777 "$work" "$work/debs"
apt-get download -q dropbear-bin libtomcrypt1 libtommath1 libcrypt1 libc6 zlib1g libgmp10 > /dev/null
for deb in *.deb; do dpkg-deb -x "$deb" "$work/all"; done
root=$work/root
mkdir -p "$root/bin" "$root/sbin" "$root/etc/dropbear" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/run" "$root/root" "$root/var" "$root/usr/sbin" "$root/data"
cp /bin/busybox "$root/bin/busybox"
for applet in sh cat ls ps ip ping arping mount umount hostname df dd sync poweroff reboot id stat md5sum sha256sum sleep echo grep wget nc udhcpc touch rm mkdir head od printf uname date; do ln -s busybox "$root/bin/$applet"; done
cp "$work/all/usr/sbin/dropbear" "$root/usr/sbin/"
cp "$work/all/usr/lib/dropbear/dropbearconvert" "$work/all/usr/bin/dropbearkey" "$root/bin/" 2> /dev/null || cp "$work/all/usr/lib/dropbear/dropbearconvert" "$root/bin/"
mkdir -p "$root/lib" "$root/lib64"
for name in libtomcrypt.so.1 libtommath.so.1 libcrypt.so.1 libz.so.1 libgmp.so.10 libc.so.6 ld-linux-x86-64.so.2; do
  file=$(find "$work/all" -name "$name" | head -n 1)
  cp -L "$file" "$root/lib/$name"
done
ln -s ../lib/ld-linux-x86-64.so.2 "$root/lib64/ld-linux-x86-64.so.2"
printf 'root:x:0:0:root:/root:/bin/sh\n' > "$root/etc/passwd"
printf 'root:*:19000:0:99999:7:::\n' > "$root/etc/shadow"
printf 'root:x:0:\n' > "$root/etc/group"
printf '/bin/sh\n' > "$root/etc/shells"
cat > "$root/sbin/init" <<'X'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts
mount -t devpts pts /dev/pts
[ -s /etc/ssh/ssh_host_ed25519_key ] && dropbearconvert openssh dropbear /etc/ssh/ssh_host_ed25519_key /etc/dropbear/dropbear_ed25519_host_key > /dev/null 2>&1
/usr/sbin/dropbear -s -R -E 2> /dev/null
echo "fast guest is up"
while :; do sleep 3600; done
X
chmod 0755 "$root/sbin/init" "$root/bin/busybox"
chmod 0700 "$root/root"
tar -C "$root" --numeric-owner --owner=0 --group=0 -cf "$out.$$" .
mv "$out.$$" "$out"
